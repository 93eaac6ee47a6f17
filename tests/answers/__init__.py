"""Every fixture's answer, word for word: what is made faster must not be made different."""

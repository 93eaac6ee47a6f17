"""The processes that serve: how they start, listen, share memory and end."""

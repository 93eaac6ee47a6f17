"""What the record says when it is counted: for a committee, on a page and on a terminal."""

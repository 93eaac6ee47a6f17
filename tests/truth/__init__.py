"""The truth table: what must come out for whom, written by hand and checked chart by chart."""

"""Hostile input: mutated requests to the whole application, and what must hold of every answer.

`make fuzz` runs many of them; the tests run a few, and every one that once broke something.
"""

"""What survives: kills, a store that stops, several processes on one store.

`python -m tests.durability` (`make durability`) runs everything in full and writes the figures
down; the tests run short versions of the same.
"""

"""Load: 200 calls a second beside a FHIR server that fails, and a stop in the middle of it.

`python -m tests.load` (`make load`) runs a minute of it and writes the figures down; the tests run
a few seconds.
"""

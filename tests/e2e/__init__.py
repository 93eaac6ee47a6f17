"""The service among programs that others wrote: a FHIR server, a browser. `make e2e` runs these.

Every test below here carries the marker `e2e`, which `make test` leaves out.
"""

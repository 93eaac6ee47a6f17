"""The service among programs that others wrote: a FHIR server, a browser.

`make e2e` runs these; `make test` does not look into this folder.
"""

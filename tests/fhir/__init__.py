"""A FHIR server that plays a script, and a record of where this process connects to.

The certificates in `tls` are of an authority that nobody trusts; their keys are public.
"""

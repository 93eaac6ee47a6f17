"""Black-box conformance with CDS Hooks 2.0.1, assertion by assertion.

The assertions are those of the project's CDS Hooks reference; `assertions.py` holds their
wording. A test named `test_a24_...` tests assertion 24.
"""

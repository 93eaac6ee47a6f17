"""What another protocol would have said: requests that a site kept, decided twice and compared.

The service itself keeps no request. A site that keeps its own can try a protocol on them before
patients depend on it.
"""

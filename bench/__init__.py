"""How fast the service is, measured beside a floor in the same minutes: `make bench`."""

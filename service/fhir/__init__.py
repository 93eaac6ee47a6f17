"""How FHIR servers are read: only those that the site lists, with a deadline, page by page."""

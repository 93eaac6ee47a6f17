"""What the tests in a browser share."""

from tests.e2e.browser import chromium, entry, record, served, site, visit

__all__ = ["chromium", "entry", "record", "served", "site", "visit"]

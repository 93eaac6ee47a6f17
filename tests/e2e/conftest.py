"""What the tests beside independent programs and in a browser share."""

from tests.e2e.browser import chromium, entry, record, served, site, visit
from tests.e2e.hapi import hapi_build, hapi_url

__all__ = ["chromium", "entry", "hapi_build", "hapi_url", "record", "served", "site", "visit"]

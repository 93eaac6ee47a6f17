"""What the tests beside independent programs share."""

from tests.e2e.hapi import hapi_build, hapi_url

__all__ = ["hapi_build", "hapi_url"]

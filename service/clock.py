"""The one place where the service asks what time it is."""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present moment, with its time zone."""
    return datetime.now(UTC)

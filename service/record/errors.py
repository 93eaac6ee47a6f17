"""What can go wrong with the record."""


class RecordError(Exception):
    """The record cannot be used as it is set; the message says why in one line."""


class StoreDown(Exception):
    """The store does not answer now. Nothing has been acknowledged; trying again may help."""

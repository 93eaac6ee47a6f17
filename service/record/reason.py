"""What a database has against being used, in words for an operator.

A database's own words may repeat the values of a statement, so they are told only where none was
sent: while connecting, and while the tables are made. The password is in none of them.
"""

import re
from typing import Any

from sqlalchemy.exc import ArgumentError, DBAPIError, ProgrammingError, SQLAlchemyError

from service.record.errors import StoreDown

_LONGEST = 200
#: libpq refuses the value of an option without asking the server.
_BAD_OPTION = re.compile(r"connection is bad: (?:.*failed: )?(invalid .+)")
_UNRESOLVED = "failed to resolve host"
#: What libpq adds for people who run the server themselves.
_ADVICE = re.compile(r" (Is the server running|This probably means) .*")


def down(error: SQLAlchemyError) -> StoreDown:
    """The store as one that does not answer now, for this reason."""
    if isinstance(error, DBAPIError) and error.statement is None:
        return StoreDown(_while_connecting(error.orig))
    return StoreDown(_name(getattr(error, "orig", None) or error))


def wrong(error: SQLAlchemyError) -> str | None:
    """Why a PostgreSQL can never be used as it is set: an option that there is not, or no right to
    make the tables; None where it may only be down. For errors of making the tables."""
    said = _words(getattr(error, "orig", None) or error)
    if isinstance(error, (ArgumentError, ProgrammingError)):
        return said[:_LONGEST]
    found = _BAD_OPTION.fullmatch(said)
    return None if found is None else found[1][:_LONGEST]


def _while_connecting(error: BaseException | None) -> str:
    """Without the server's address, which may hold half of a password that was not escaped."""
    said = _words(error)
    if said.startswith(_UNRESOLVED):
        return "its host name cannot be resolved"
    _, found, reason = said.rpartition("failed: ")
    if not found:
        return _name(error)
    return _ADVICE.sub("", reason).removeprefix("FATAL: ")[:_LONGEST]


def _words(error: BaseException | None) -> str:
    return " ".join(str(error).split())


def _name(error: Any) -> str:
    """The kind of error, and the code that the database gives it."""
    code = getattr(error, "sqlstate", None) or getattr(error, "sqlite_errorname", None)
    kind = type(error).__name__
    return kind if code is None else f"{kind} {code}"

"""The errors that reading a request or a site's files can raise: one family, learnt in a minute.

Every message is a sentence that may be shown to a caller. It names the member at fault and never
repeats what the request said, so that no patient data can leave through an error.
"""

from typing import Final

#: How the files of a site are read: editors of Windows begin a text with a byte order mark.
ENCODING: Final = "utf-8-sig"


class HookError(Exception):
    """A request or a file cannot be used; `member` names the part at fault, if there is one."""

    def __init__(self, message: str, member: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.member = member


class InvalidContext(HookError):
    """The hook's context breaks the contract of the hook: the caller has to mend it."""


class NotEvaluable(HookError):
    """The context keeps the contract but holds nothing that this service can evaluate."""


class MissingData(HookError):
    """Data without which nothing can be decided is not there; `key` is its prefetch key."""

    def __init__(self, message: str, key: str) -> None:
        super().__init__(message, f"prefetch.{key}")
        self.key = key


class SiteFileError(HookError):
    """A file that a site wrote is wrong; `problems` lists every mistake, each with its line."""

    def __init__(self, file: str, problems: tuple[str, ...]) -> None:
        super().__init__(f"{file}: {'; '.join(problems)}")
        self.file = file
        self.problems = problems


def unreadable(error: OSError | UnicodeDecodeError) -> str:
    """Why a file could not be read, for somebody who knows its name."""
    if isinstance(error, OSError):
        return f"cannot be read: {(error.strerror or 'unknown error').lower()}"
    return "cannot be read: it is no text in UTF-8"


class ProtocolError(SiteFileError):
    """A protocol file cannot be used."""


class CodeListError(SiteFileError):
    """A code list cannot be used."""

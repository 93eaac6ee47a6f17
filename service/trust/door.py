"""Who may look at the pages about the record.

Where the settings hold the hash of a token, whoever shows the token may: as `Authorization: Bearer`
or, in a browser, through a form that puts it into a cookie for the session. Without a hash the
pages are open to this machine and do not exist for anyone else.

The cookie holds the token itself rather than a session of this process, so that it is good on every
host behind one address and for nothing once the hash is changed.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from urllib.parse import urlsplit

from flask import Request
from werkzeug.wrappers import Response

from service.settings import Settings, is_loopback

COOKIE = "magnesia-insight"


class Door:
    """Lets people in by the settings."""

    def __init__(self, settings: Settings, path: str, token_sha256: str | None) -> None:
        self._hash = token_sha256
        # A proxy may take the path of the base URL off; the browser knows nothing of that.
        self._path = f"{urlsplit(settings.base_url or '').path}{path}"
        self._base_url = settings.base_url
        self._local = settings.on_loopback and (
            settings.base_url is None or is_loopback(urlsplit(settings.base_url).hostname)
        )

    @property
    def has_lock(self) -> bool:
        """Whether a token opens it."""
        return self._hash is not None

    def exists_for(self, request: Request) -> bool:
        """Whether there is a page to ask for. A request to this machine under another name may
        come from a web page elsewhere, or through a proxy."""
        if self._hash is not None:
            return True
        return self._local and is_loopback(urlsplit(f"//{request.host}").hostname)

    def admits(self, request: Request) -> bool:
        """Whether the request shows the token, or needs none."""
        if self._hash is None:
            return self.exists_for(request)
        return any(self.knows(token) for token in _tokens(request))

    def knows(self, token: str) -> bool:
        """Whether this is the token; takes the same time for every other."""
        found = hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()
        return self._hash is not None and hmac.compare_digest(found, self._hash)

    def let_in(self, response: Response, token: str, request: Request) -> None:
        """Let the browser show the token from now on, until it is closed."""
        response.set_cookie(
            COOKIE,
            urlsafe_b64encode(token.encode()).decode(),
            path=self._path,
            httponly=True,
            samesite="Strict",
            secure=self._is_secure(request),
        )

    def let_out(self, response: Response, request: Request) -> None:
        """Let the browser forget the token."""
        response.delete_cookie(
            COOKIE,
            path=self._path,
            httponly=True,
            samesite="Strict",
            secure=self._is_secure(request),
        )

    def _is_secure(self, request: Request) -> bool:
        behind = self._base_url is not None and self._base_url.startswith("https:")
        return request.is_secure or behind


def _tokens(request: Request) -> list[str]:
    tokens = []
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        tokens.append(token.strip())
    try:
        tokens.append(urlsafe_b64decode(request.cookies.get(COOKIE, "")).decode())
    except (NotBase64, ValueError):
        # Not a cookie of ours, so it shows nothing.
        return tokens
    return tokens

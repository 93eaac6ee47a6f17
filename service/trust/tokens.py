"""A client's token: taken apart without trusting it, and asked for what it must say (CDS Hooks
2.0, "Trusting CDS Clients").

What two readers could read in two ways is no token: a member twice, another spelling of the same
bytes, a number that is none. Nothing here looks at the signature.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, Literal, NoReturn

LONGEST_TOKEN = 4096
LONGEST_NAME = 256
#: Seconds by which the clocks of client and service may differ.
LEEWAY = 60
#: Seconds between `iat` and `exp`, at most.
LIFETIME = 3600
_LAST_MOMENT = 2**53

_CREDENTIALS = re.compile(r"bearer +([\w-]+)\.([\w-]+)\.([\w-]+)", re.IGNORECASE | re.ASCII)
# Each would let the token choose its own key, or mean something that is not understood here.
_FORBIDDEN = ("crit", "jwk", "x5u", "x5c", "b64", "zip", "enc")


#: Why a token is not accepted, in a word for the log and the counts; docs/observe.md explains each.
Fault = Literal[
    "no-header",
    "too-long",
    "malformed",
    "encoding",
    "json",
    "forbidden-member",
    "typ",
    "alg",
    "kid",
    "iss",
    "aud",
    "time",
    "expired",
    "not-yet",
    "lifetime",
    "jti",
    "jku",
    "tenant",
    "key",
    "signature",
    "replay",
]


class Distrusted(Exception):
    """A token that is not accepted. `reason` is a word for the log, the message a sentence for
    whoever runs the service; neither reaches the caller."""

    def __init__(self, reason: Fault, sentence: str) -> None:
        super().__init__(sentence)
        self.reason: Fault = reason


@dataclass(frozen=True)
class Token:
    """What a token says, not yet believed."""

    header: dict[str, Any] = field(repr=False)
    claims: dict[str, Any] = field(repr=False)
    signed: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @property
    def kid(self) -> str:
        """The key that it says it is signed with."""
        return str(self.header["kid"])

    @property
    def algorithm(self) -> str:
        """The algorithm that it says it is signed by."""
        return str(self.header["alg"])

    @property
    def jti(self) -> str:
        """Its own identifier."""
        return str(self.claims["jti"])

    @property
    def expires(self) -> int:
        """The last second, since 1970, at which it is accepted."""
        return int(self.claims["exp"]) + LEEWAY


def read(authorization: str | None) -> Token:
    """The token in an Authorization header. Raises Distrusted."""
    if not authorization:
        raise Distrusted("no-header", "There is no Authorization header.")
    if len(authorization) > LONGEST_TOKEN:
        raise Distrusted("too-long", f"The header is longer than {LONGEST_TOKEN} characters.")
    found = _CREDENTIALS.fullmatch(authorization)
    if found is None:
        raise Distrusted("malformed", "The header is not `Bearer` and a signed JWT.")
    header, claims, signature = (_bytes(part) for part in found.groups())
    signed = f"{found[1]}.{found[2]}".encode()
    token = Token(_object(header), _object(claims), signed, signature)
    _check_header(token.header)
    return token


def check_claims(token: Token, audiences: Collection[str], now: float, lifetime: int) -> None:
    """Raises Distrusted unless the token is for one of `audiences`, now, and has an identifier."""
    claims = token.claims
    _check_audience(claims.get("aud"), audiences)
    issued, expires = _moment(claims, "iat"), _moment(claims, "exp")
    if now >= expires + LEEWAY:
        raise Distrusted("expired", "`exp` is past.")
    if issued > now + LEEWAY:
        raise Distrusted("not-yet", "`iat` is in the future.")
    if "nbf" in claims and _moment(claims, "nbf") > now + LEEWAY:
        raise Distrusted("not-yet", "`nbf` is in the future.")
    if not 0 < expires - issued <= lifetime:
        raise Distrusted("lifetime", f"`exp` is not 1 to {lifetime} seconds after `iat`.")
    if not _is_name(claims.get("jti")):
        raise Distrusted("jti", f"`jti` is not a string of 1 to {LONGEST_NAME} characters.")


def _check_header(header: dict[str, Any]) -> None:
    for name in _FORBIDDEN:
        if name in header:
            raise Distrusted("forbidden-member", f"The header has `{name}`, which is not accepted.")
    if header.get("typ") != "JWT":
        raise Distrusted("typ", "`typ` is not `JWT`.")
    if not isinstance(header.get("alg"), str):
        raise Distrusted("alg", "`alg` is not a string.")
    if not _is_name(header.get("kid")):
        raise Distrusted("kid", f"`kid` is not a string of 1 to {LONGEST_NAME} characters.")


def _check_audience(audience: Any, audiences: Collection[str]) -> None:
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or not all(isinstance(item, str) for item in named):
        raise Distrusted("aud", "`aud` is not a string or an array of strings.")
    if not any(item in audiences for item in named):
        expected = " or ".join(sorted(audiences))
        raise Distrusted("aud", f"`aud` is not the address that was called, {expected}.")


def _moment(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LAST_MOMENT:
        raise Distrusted("time", f"`{name}` is not a whole number of seconds.")
    return value


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip()) and len(value) <= LONGEST_NAME


def _bytes(part: str) -> bytes:
    try:
        content = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as error:
        raise Distrusted("encoding", "A part is not base64url.") from error
    if urlsafe_b64encode(content).rstrip(b"=") != part.encode():
        raise Distrusted("encoding", "A part is not the one spelling of its bytes in base64url.")
    return content


def _object(content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(
            content.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_number
        )
    except (ValueError, RecursionError) as error:
        raise Distrusted("json", "A part is not JSON in which each member stands once.") from error
    if not isinstance(document, dict):
        raise Distrusted("json", "A part is not a JSON object.")
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member twice")
    return members


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")

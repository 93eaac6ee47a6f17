"""A client of the tests' own: its keys, what a site must be told of it, and its tokens.

issuer = Issuer("Example EHR", "https://ehr.example")
clients = write_clients(directory, issuer)          # for MAGNESIA_CLIENTS
headers = {"Authorization": f"Bearer {issuer.token(url)}"}
"""

import json
import time
from base64 import urlsafe_b64encode
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import get_default_algorithms

Json = dict[str, Any]

_ALGORITHMS = get_default_algorithms()
_CURVES: dict[str, ec.EllipticCurve] = {
    "ES256": ec.SECP256R1(),
    "ES384": ec.SECP384R1(),
    "ES512": ec.SECP521R1(),
}


def private_key(algorithm: str, bits: int = 2048) -> Any:
    """A new key for signing by `algorithm`."""
    if algorithm in _CURVES:
        return ec.generate_private_key(_CURVES[algorithm])
    return rsa.generate_private_key(65537, bits)


@cache
def spare_key(algorithm: str, bits: int = 2048) -> Any:
    """A key that belongs to no client; made once."""
    return private_key(algorithm, bits)


def sign(algorithm: str, key: Any, content: bytes) -> bytes:
    """The signature as JWS has it."""
    return bytes(_ALGORITHMS[algorithm].sign(content, key))


def jwk(algorithm: str, key: Any, kid: str, **members: Any) -> Json:
    """The public half as an entry of a key set; members that are None are left out."""
    public = key.public_key()
    entry: Json = _ALGORITHMS[algorithm].to_jwk(public, as_dict=True)
    entry.pop("key_ops", None)
    entry |= {"kid": kid, "use": "sig", "alg": algorithm, **members}
    return {name: value for name, value in entry.items() if value is not None}


def encoded(content: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(content).rstrip(b"=").decode()


def packed(part: Any) -> str:
    """A header or claims as they stand in a token; text is taken as it is."""
    text = part if isinstance(part, str) else json.dumps(part, separators=(",", ":"))
    return encoded(text.encode())


class Issuer:
    """One client, with one key."""

    def __init__(self, name: str, iss: str, algorithm: str = "ES384", **members: Any) -> None:
        self.name = name
        self.iss = iss
        self.algorithm = algorithm
        self.kid = str(uuid4())
        self.key = private_key(algorithm)
        #: What more its table in the clients' file says.
        self.members = members

    def jwks(self) -> Json:
        """Its key set."""
        return {"keys": [jwk(self.algorithm, self.key, self.kid)]}

    def rotate(self) -> None:
        """Sign with another key from now on."""
        self.kid, self.key = str(uuid4()), private_key(self.algorithm)

    def header(self, **changes: Any) -> Json:
        """The header of its tokens, changed; a member that is changed to None is left out."""
        return _changed({"alg": self.algorithm, "typ": "JWT", "kid": self.kid}, changes)

    def claims(self, audience: str, now: float | None = None, **changes: Any) -> Json:
        """The claims of a new token for `audience`, changed in the same way."""
        moment = int(time.time() if now is None else now)
        whole = {
            "iss": self.iss,
            "aud": audience,
            "iat": moment,
            "exp": moment + 300,
            "jti": str(uuid4()),
        }
        return _changed(whole, changes)

    def token(self, audience: str, now: float | None = None, **changes: Any) -> str:
        """A new token for `audience`."""
        return self.signed(self.header(), self.claims(audience, now, **changes))

    def signed(
        self, header: Any, claims: Any, algorithm: str | None = None, key: Any = None
    ) -> str:
        """Any header and claims, signed; by this issuer if nothing else is said."""
        content = f"{packed(header)}.{packed(claims)}"
        signature = sign(algorithm or self.algorithm, key or self.key, content.encode())
        return f"{content}.{encoded(signature)}"


def write_clients(directory: Path, *issuers: Issuer) -> Path:
    """A file of clients that trusts these, with their key sets beside it where no `jwks_url` is
    among their members."""
    directory.mkdir(parents=True, exist_ok=True)
    text = ""
    for number, issuer in enumerate(issuers, start=1):
        members: Json = {"name": issuer.name, "iss": issuer.iss, **issuer.members}
        if "jwks_url" not in members:
            members["jwks_file"] = f"client-{number}.json"
            (directory / members["jwks_file"]).write_text(json.dumps(issuer.jwks()))
        text += "[[client]]\n"
        # JSON's strings, numbers and lists are TOML's too.
        text += "".join(f"{name} = {json.dumps(value)}\n" for name, value in members.items())
    file = directory / "clients.toml"
    file.write_text(text)
    return file


def _changed(whole: Json, changes: Json) -> Json:
    return {name: value for name, value in (whole | changes).items() if value is not None}

"""A client of the bench's own. Its tokens are signed before the load begins; each is used once."""

import json
import time
from pathlib import Path
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

_ALGORITHM = "ES384"
_ISSUER = "https://bench.example"
#: What the settings name as the service's own address, and tokens as their audience.
BASE_URL = "http://127.0.0.1:1"


class Signer:
    """One key, and what the service must be told of it."""

    def __init__(self, directory: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP384R1())
        self._kid = str(uuid4())
        self._directory = directory

    def settings(self) -> dict[str, str]:
        """The settings with which the service trusts this client and nobody else."""
        public = ECAlgorithm(ECAlgorithm.SHA384).to_jwk(self._key.public_key(), as_dict=True)
        key = {**public, "kid": self._kid, "use": "sig", "alg": _ALGORITHM}
        self._directory.mkdir(parents=True, exist_ok=True)
        (self._directory / "keys.json").write_text(json.dumps({"keys": [key]}))
        clients = self._directory / "clients.toml"
        clients.write_text(
            f'[[client]]\nname = "bench"\niss = "{_ISSUER}"\njwks_file = "keys.json"\n'
            "rate = 1000000\n"
        )
        return {
            "MAGNESIA_AUTH": "required",
            "MAGNESIA_CLIENTS": str(clients),
            "MAGNESIA_BASE_URL": BASE_URL,
        }

    def write(self, file: Path, count: int, path: str) -> Path:
        """`count` new tokens for calls of `path`, one a line."""
        with file.open("w") as tokens:
            for _ in range(count):
                tokens.write(self.token(path) + "\n")
        return file

    def token(self, path: str) -> str:
        """A new token for a call of `path`."""
        now = int(time.time())
        claims = {"iss": _ISSUER, "aud": BASE_URL + path, "iat": now, "exp": now + 300}
        return jwt.encode(
            {**claims, "jti": str(uuid4())}, self._key, _ALGORITHM, headers={"kid": self._kid}
        )

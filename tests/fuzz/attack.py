"""One request as it arrives, and its file in the corpus."""

import base64
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import msgspec

from tests.conformance.exchange import DISCOVERY, SERVICE

FEEDBACK = f"{SERVICE}/feedback"
JSON = (("Content-Type", "application/json"),)
CORPUS = Path(__file__).with_name("corpus")

__all__ = ["CORPUS", "DISCOVERY", "FEEDBACK", "JSON", "SERVICE", "Attack", "load", "save"]


@dataclass(frozen=True)
class Attack:
    """A request. The target is percent-encoded; header values are latin-1, as HTTP has them."""

    body: bytes
    method: str = "POST"
    target: str = SERVICE
    headers: tuple[tuple[str, str], ...] = JSON

    @property
    def path(self) -> str:
        """The path as a WSGI server passes it on: its bytes as latin-1."""
        return unquote_to_bytes(self.target.partition("?")[0]).decode("latin-1")

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def is_call(self) -> bool:
        """Whether it is a POST to the service."""
        return self.method.upper() == "POST" and self.path.replace("//", "/") == SERVICE

    @property
    def is_feedback(self) -> bool:
        """Whether it is a POST of feedback."""
        return self.method.upper() == "POST" and self.path.replace("//", "/") == FEEDBACK

    @property
    def is_page(self) -> bool:
        """Whether it is for a page that people look at, or for what such a page asks for."""
        return not self.path.startswith((DISCOVERY, "/health"))

    def with_body(self, body: bytes) -> "Attack":
        """The same request around another body."""
        return replace(self, body=body)


def load(path: Path) -> Attack:
    """The attack in a file of the corpus."""
    document: dict[str, Any] = msgspec.json.decode(path.read_bytes())
    body = document["body"]
    return Attack(
        base64.b64decode(document["base64"]) if body is None else body.encode(),
        document["method"],
        document["target"],
        tuple((name, value) for name, value in document["headers"]),
    )


def save(attack: Attack, path: Path, found: str) -> None:
    """Write a file of the corpus; `found` says what the attack once broke."""
    try:
        body: dict[str, str | None] = {"body": attack.body.decode()}
    except UnicodeDecodeError:
        body = {"body": None, "base64": base64.b64encode(attack.body).decode()}
    document = {
        "found": found,
        "method": attack.method,
        "target": attack.target,
        "headers": attack.headers,
        **body,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")

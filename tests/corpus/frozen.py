"""A service whose clock stands where a case wants it, and uuids taken out of its answers."""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from service import create_app
from service.settings import Settings
from tests.conftest import NOW

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class Frozen:
    """The service as a test client, with a clock that is set by hand."""

    def __init__(self, lab_codes: Path | None = None) -> None:
        self.now = NOW
        settings = Settings(lab_codes=lab_codes)
        self.client: FlaskClient = create_app(settings, clock=lambda: self.now).test_client()

    def at(self, now: datetime) -> FlaskClient:
        """The client, at this moment."""
        self.now = now
        return self.client


def without_new_uuids(answer: Any, call: Any) -> Any:
    """The answer with every uuid that was not in the call replaced by one word."""
    known = set(_UUID.findall(json.dumps(call)))
    text = json.dumps(answer, default=str)
    return json.loads(_UUID.sub(lambda id_: id_[0] if id_[0] in known else "new", text))

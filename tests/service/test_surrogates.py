"""Half a surrogate pair: mended in text for people, refused where two ids could become one."""

import json
from time import process_time

import pytest

from service import body
from service.outcomes import Refusal


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (rb"cut \ud83d", "cut \ufffd"),
        (rb"\uDE00 cut", "\ufffd cut"),
        (rb"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (rb"\ud83d\ude00 and \ud83d.", "\U0001f600 and \ufffd."),
        (rb"\ud83d\n\ude00", "\ufffd\n\ufffd"),
        (rb"\\ud83d \ud83d", "\\ud83d \ufffd"),
        (rb"\\\ud83d", "\\\ufffd"),
        (rb"\"\ud83d\"", '"\ufffd"'),
        (rb"\ud83d\\ude00", "\ufffd\\ude00"),
    ],
)
@pytest.mark.parametrize("member", ["text", "display", "div", "userComment"])
def test_text_that_was_cut_is_read(written: bytes, read: str, member: str) -> None:
    sent = b'{"a":[{"%s":"%s","value":1.20}]}' % (member.encode(), written)
    (found,) = body.decode(sent)["a"]
    assert found[member] == read
    assert str(found["value"]) == "1.20", "digits are kept"


@pytest.mark.parametrize(
    "sent",
    [
        rb'{"context":{"patientId":"a\ud83d"}}',
        rb'{"id":"a\udead"}',
        rb'{"subject":{"reference":"Patient/a\ud83d"}}',
        rb'{"context":{"selections":["MedicationRequest/a\ud83d"]}}',
        rb'{"code":{"coding":[{"code":"\ud83d","display":"x"}]}}',
        rb'{"valueQuantity":{"unit":"mg\ud83d"}}',
        rb'{"a\ud83d":1,"a\ud83e":2}',
        rb'{"text":{"\ud83d":1}}',
    ],
)
def test_what_could_become_another_is_refused(sent: bytes) -> None:
    with pytest.raises(Refusal, match="half a surrogate pair"):
        body.decode(sent)


@pytest.mark.parametrize("sent", [rb'{"text":"\ud83d}', rb'{"text":"\ud8"}', rb'{"text":"\ud83d"'])
def test_what_is_no_json_stays_none(sent: bytes) -> None:
    with pytest.raises(Refusal, match="is not JSON"):
        body.decode(sent)


def test_text_that_needs_no_mending_is_not_looked_at() -> None:
    assert body.decode(b'{"id":"a\xef\xbf\xbd"}') == {"id": "a\ufffd"}
    assert body.decode(json.dumps({"id": "\U0001f600"}).encode()) == {"id": "\U0001f600"}


def test_a_body_full_of_halves_takes_no_longer_than_its_length() -> None:
    def seconds(halves: int) -> float:
        began = process_time()
        body.decode(b'{"text":"' + rb"\ud83d" * halves + b'"}')
        return process_time() - began

    seconds(1000)
    assert seconds(400_000) < 40 * max(seconds(40_000), 0.01)

"""The body of a call: what is read, what is refused, and how deep is too deep."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.body import MAX_DEPTH, decode
from service.outcomes import Refusal


def nested(depth: int, inside: str = "1") -> bytes:
    """A JSON object that nests `depth` levels, objects and lists in turn."""
    text = inside
    for level in reversed(range(depth)):
        text = f'{{"a":{text}}}' if level % 2 == 0 else f"[{text}]"
    return text.encode()


def refused(body: bytes) -> str:
    with pytest.raises(Refusal) as error:
        decode(body)
    assert error.value.status == 400
    return error.value.issues[0].text


def test_the_digits_of_a_number_are_kept() -> None:
    body = decode(b'{"value": 1.20, "count": 3, "small": 1e-3}')
    assert body == {"value": Decimal("1.20"), "count": 3, "small": Decimal("0.001")}
    assert str(body["value"]) == "1.20"


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b'{"a":1,}', b"{'a':1}", b"nonsense", b'{"a":NaN}', b"{} {}", b'"\xff"', b"\xff"],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    assert refused(body) == "The body is not JSON."


@pytest.mark.parametrize("body", [b"[]", b"null", b'"text"', b"1", b"1.5", b"true"])
def test_what_is_not_an_object_is_refused(body: bytes) -> None:
    assert refused(body) == "The body must be a JSON object."


@pytest.mark.parametrize(
    "number",
    ["1e99999999999999999999", "1e401", "1e-401", "0." + "1" * 400],
    ids=["beyond Decimal", "huge", "tiny", "long"],
)
def test_a_number_beyond_all_measure_is_refused(number: str) -> None:
    assert (
        refused(f'{{"a":{number}}}'.encode())
        == "The body holds a number that is too large or too long."
    )


def test_an_integer_of_thousands_of_digits_is_refused() -> None:
    assert refused(b'{"a":' + b"1" * 5000 + b"}")


def test_as_many_levels_as_allowed_are_read() -> None:
    assert decode(nested(MAX_DEPTH))


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, MAX_DEPTH + 2, 100, 1000, 100_000])
def test_one_level_more_is_refused(depth: int) -> None:
    assert refused(nested(depth)) == "The body nests deeper than 64 levels."


@pytest.mark.parametrize(
    "text",
    ["[", "]", "{", "}", "[{", "}]", '\\"[', "\\\\", '\\"', "[" * 200, "]" * 200, "{pill}", "[lb]"],
)
def test_brackets_in_a_string_are_not_levels(text: str) -> None:
    string = f'"{text}"'
    assert decode(nested(MAX_DEPTH, string))
    assert refused(nested(MAX_DEPTH + 1, string)) == "The body nests deeper than 64 levels."


@pytest.mark.parametrize(
    "disguise", ['"]",', '"\\"]",', '"\\\\","]",', '"[","]",', '"","]",""," ",']
)
def test_strings_do_not_hide_the_depth(disguise: str) -> None:
    mirrored = disguise.replace("]", "[")
    levels = MAX_DEPTH
    body = '{"a":' + f"[{disguise}" * levels + "1" + f",{mirrored}1]" * levels + "}"
    assert json.loads(body)
    assert refused(body.encode()) == "The body nests deeper than 64 levels."


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text('ab[]{}"\\', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text('[]{}"\\', max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(
    value=st.dictionaries(st.text('k[]{}"\\', max_size=3), json_values, max_size=3),
    fill=st.integers(55, 70),
)
def test_a_body_is_refused_exactly_when_it_is_too_deep(value: dict[str, object], fill: int) -> None:
    document: object = value
    for level in range(fill):
        document = {"x": document} if level % 3 else {"y": [document, "]"]}
    body = json.dumps(document).encode()
    if depth_of(document) > MAX_DEPTH:
        assert refused(body) == "The body nests deeper than 64 levels."
    else:
        assert decode(body) == document


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0

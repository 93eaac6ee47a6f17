"""Assertions 53 to 69 and 100: what the client did not send is read at its FHIR server, guardedly.

The service answers over real HTTP, and the FHIR server is a real one too, which plays a script.
"""

import json
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from service.settings import Settings, SettingsError
from tests.conformance.assertions import demand
from tests.conformance.request import PATIENT_ID, Json, order_select, result, searchset
from tests.conformance.stage import (
    AUTHORIZATION,
    LONGEST_SECONDS,
    TOKEN,
    Answered,
    Stage,
    staged,
)
from tests.conformance.test_answers import guidance
from tests.fhir.script import (
    Play,
    answer,
    drip_body,
    drip_headers,
    drop,
    hang,
    say,
)
from tests.fhir.traffic import trap, watched

OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "error", "code": "exception", "diagnostics": "The lab is closed."}],
}
INFORMATION = {
    "resourceType": "OperationOutcome",
    "issue": [{"severity": "information", "code": "informational"}],
}
REQUIRED = ["patient", "magnesium"]


@pytest.fixture(scope="module")
def shared_stage() -> Iterator[Stage]:
    with staged() as stage:
        yield stage


@pytest.fixture
def stage(shared_stage: Stage) -> Stage:
    """A service that may read a FHIR server on which nothing goes wrong."""
    shared_stage.script.seen.clear()
    return shared_stage


def refused(answered: Answered, key: str, number: int) -> str:
    """The reason that a 412 gives for a key, after checking that it gives away nothing."""
    assert answered.status == 412, demand(number, f"{answered.status} {answered.response.text}")
    assert answered.document["resourceType"] == "OperationOutcome", demand(number)
    assert key in answered.reasons, demand(number, answered.reasons)
    text = answered.response.text
    for secret in (TOKEN, PATIENT_ID, "http", "127.0.0.1", "Traceback", "loinc", "lab is closed"):
        assert secret not in text, demand(number, f"{secret!r} in {text}")
    return answered.reasons[key]


def band(answered: Answered, number: int) -> str:
    assert answered.status == 200, demand(number, f"{answered.status} {answered.response.text}")
    return str(answered.assessment["band"])


# Nothing to be had


@pytest.mark.parametrize("key", REQUIRED)
def test_a53_required_data_without_a_fhir_server_gives_412(stage: Stage, key: str) -> None:
    call = stage.call(key)
    del call["fhirServer"], call["fhirAuthorization"]
    assert "was not sent." in refused(stage.post(call), key, 53)
    assert stage.script.seen == [], demand(53)


FAILURES: dict[str, tuple[Play, str]] = {
    "401": (answer(OUTCOME, 401), "refused it with status 401"),
    "403": (answer(OUTCOME, 403), "refused it with status 403"),
    "404": (answer(OUTCOME, 404), "does not have it"),
    "429": (answer(OUTCOME, 429, {"Retry-After": "60"}), "failed with status 429"),
    "500": (answer(OUTCOME, 500), "failed with status 500"),
    "503": (answer(b"<html>busy</html>", 503), "failed with status 503"),
    "204": (answer(b"", 204), "refused it with status 204"),
    "hangs": (hang, "did not answer in time"),
    "drips headers": (drip_headers, "did not answer in time"),
    "drips a body": (drip_body, "did not answer in time"),
    "drops the connection": (drop, "could not be read"),
    "speaks no HTTP": (say(b"SSH-2.0-OpenSSH_9.9\r\n"), "could not be read"),
    "sends half a body": (
        say(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{}"),
        "could not be read",
    ),
    "sends a chunk of negative size": (
        say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n" + b"x" * 100_000),
        "could not be read",
    ),
    "an OperationOutcome": (answer(OUTCOME), "came as an OperationOutcome"),
    "another resource": (answer({"resourceType": "Person"}), "is not a"),
    "an HTML page": (answer(b"<html></html>"), "not usable JSON"),
    "nothing": (answer(b""), "not usable JSON"),
    "null": (answer(None), "not usable JSON"),
    "a list": (answer([]), "not usable JSON"),
    "a bomb": (answer(b'{"resourceType":' + b"[" * 100_000), "not usable JSON"),
    "too much": (answer(b'{"resourceType":"Bundle"}' + b" " * 2_097_152), "too large"),
}


@pytest.mark.parametrize("key", REQUIRED)
@pytest.mark.parametrize("what", FAILURES)
def test_a54_a_fhir_server_that_fails_gives_412_in_time(what: str, key: str) -> None:
    play, reason = FAILURES[what]
    with staged({key: play}) as stage:
        answered = stage.post(stage.call(key))
        assert reason in refused(answered, key, 54), demand(54, answered.reasons)
        assert answered.seconds < LONGEST_SECONDS, demand(54, f"{answered.seconds:.2f} s")
        assert stage.script.keys == [key], demand(54, "asked again")


def test_a54_a_fhir_server_that_is_not_there_gives_412_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        base = f"http://127.0.0.1:{gone.getsockname()[1]}/fhir"
    with staged(fhir_servers=base) as other:
        answered = other.post(other.call("magnesium", fhirServer=base))
    assert "could not be read" in refused(answered, "magnesium", 54)
    assert answered.seconds < LONGEST_SECONDS, demand(54, f"{answered.seconds:.2f} s")


def test_a54_optional_data_that_cannot_be_had_are_said_to_be_unknown() -> None:
    with staged({"creatinine": hang, "conditions": answer(OUTCOME, 403)}) as stage:
        answered = stage.post(stage.call("creatinine", "conditions"))
        assert band(answered, 54) == "severe"
        assert answered.seconds < LONGEST_SECONDS, demand(54, f"{answered.seconds:.2f} s")
        assert answered.assessment["rule"] == "G9", demand(54, answered.assessment["rule"])
        detail = answered.document["cards"][0]["detail"].lower()
        assert "creatinine" in detail, demand(54, detail)
        assert re.search(r"not checked[^.]*problem list", detail), demand(54, detail)


@pytest.mark.parametrize("prefetch", ["absent", "empty"])
def test_a55_no_prefetch_and_no_access_give_412(stage: Stage, prefetch: str) -> None:
    call = order_select()
    del call["prefetch"]
    if prefetch == "empty":
        call["prefetch"] = {}
    answered = stage.post(call)
    assert {refused(answered, key, 55) for key in REQUIRED}
    assert set(answered.reasons) == set(REQUIRED), demand(55, answered.reasons)


# Fetched


@pytest.mark.parametrize("key", REQUIRED)
def test_a56_a_required_key_is_fetched_by_its_own_query(stage: Stage, key: str) -> None:
    answered = stage.post(stage.call(key))
    assert band(answered, 56) == "severe"
    (seen,) = stage.script.seen
    assert seen.key == key, demand(56, seen.target)
    assert seen.method == "GET", demand(56, seen.method)
    assert seen.headers["Authorization"] == f"Bearer {TOKEN}", demand(56, seen.headers)
    assert seen.headers["Accept"] == "application/fhir+json", demand(56, seen.headers)
    assert "Cookie" not in seen.headers, demand(56, seen.headers)
    assert TOKEN not in seen.target, demand(56, seen.target)


def test_a56_what_is_fetched_counts_as_if_it_had_been_sent(stage: Stage) -> None:
    call = stage.call()
    sent = guidance(stage.post(call).document)
    assert stage.script.seen == []
    del call["prefetch"]
    fetched = guidance(stage.post(call).document)
    assert stage.script.keys == sorted(stage.script.templates), demand(56, stage.script.keys)
    assert stage.script.strays == [], demand(56, stage.script.strays)
    assert fetched == sent, demand(56, fetched)


def test_a56_no_digit_of_a_fetched_value_is_lost() -> None:
    bundle = json.dumps(searchset(result("magnesium", 1.2))).replace("1.2,", "1.20,")
    with staged({"magnesium": answer(bundle.encode())}) as stage:
        assessment = stage.post(stage.call("magnesium")).assessment
    assert str(assessment["inputs"]["magnesium"]["value"]) == "1.20", demand(56, assessment)


def test_a56_the_token_goes_out_once_for_each_call_and_is_not_kept() -> None:
    with staged() as stage:
        stage.post(stage.call("magnesium"))
        other = {**AUTHORIZATION, "access_token": "another-one"}
        stage.post(stage.call("magnesium", fhirAuthorization=other))
        tokens = [seen.headers["Authorization"] for seen in stage.script.seen]
    assert tokens == [f"Bearer {TOKEN}", "Bearer another-one"], demand(56, tokens)


def test_a56_cookies_are_not_kept() -> None:
    cookie = {"Set-Cookie": "session=1; Path=/"}
    with staged({"magnesium": answer(searchset(), headers=cookie)}) as stage:
        for _ in range(2):
            stage.post(stage.call("magnesium"))
        assert [seen.headers.get("Cookie") for seen in stage.script.seen] == [None, None]


def test_a56_an_order_that_the_service_does_not_speak_about_needs_no_fetch(stage: Stage) -> None:
    call = stage.call()
    del call["prefetch"]
    del call["context"]["draftOrders"]["entry"][0]["resource"]["medicationCodeableConcept"]
    assert stage.post(call).document["cards"] == []
    assert stage.script.seen == [], demand(56, stage.script.seen)


@pytest.mark.parametrize(
    "patient_id", ["pat-7731", "a b", "a%2Fb", "a?b=c", "a#b", "a&code=x", "é", "..a", "%2e%2e"]
)
def test_a56_the_patient_id_is_percent_encoded(patient_id: str) -> None:
    with staged() as stage:
        stage.script.patient_id = patient_id
        call = stage.call("patient", "magnesium")
        call["context"]["patientId"] = patient_id
        call["context"]["draftOrders"]["entry"][0]["resource"].pop("subject")
        stage.post(call)
        assert stage.script.keys == ["magnesium", "patient"], demand(56, stage.script.strays)


def test_a57_only_the_missing_keys_are_fetched(stage: Stage) -> None:
    answered = stage.post(stage.call("magnesium", "weight", "conditions"))
    assert band(answered, 57) == "severe"
    assert stage.script.keys == ["conditions", "magnesium", "weight"], demand(57)


def test_a57_a_complete_prefetch_is_no_reason_to_contact_anybody(stage: Stage) -> None:
    with trap() as other:
        call = stage.call(fhirServer=f"http://127.0.0.1:{other.port}/fhir")
        assert band(stage.post(call), 57) == "severe"
        assert other.contacts == 0, demand(57)
    assert stage.script.seen == [], demand(57)


@pytest.mark.parametrize("key", ["patient", "magnesium", "potassium", "creatinine"])
def test_a58_null_is_not_fetched_again(stage: Stage, key: str) -> None:
    call = stage.call()
    call["prefetch"][key] = None
    assert stage.post(call).status == 200, demand(58)
    assert stage.script.seen == [], demand(58, stage.script.seen)


def test_a59_an_empty_searchset_is_as_good_as_null(stage: Stage) -> None:
    call = stage.call()
    call["prefetch"]["magnesium"] = None
    null = guidance(stage.post(call).document)
    for empty in (searchset(), {"resourceType": "Bundle", "type": "searchset", "total": 0}):
        call["prefetch"]["magnesium"] = empty
        assert guidance(stage.post(call).document) == null, demand(59, empty)
    assert stage.script.seen == [], demand(59, stage.script.seen)


def test_a59_a_fetched_search_without_matches_is_known_absence() -> None:
    call_null: Json
    with staged({"magnesium": answer(searchset())}) as stage:
        call_null = stage.call()
        call_null["prefetch"]["magnesium"] = None
        null = guidance(stage.post(call_null).document)
        assert guidance(stage.post(stage.call("magnesium")).document) == null, demand(59)


@pytest.mark.parametrize(
    ("key", "value"),
    [("patient", OUTCOME), ("magnesium", OUTCOME), ("magnesium", searchset(OUTCOME))],
    ids=["a read", "a search", "a search, in a Bundle"],
)
def test_a60_an_operation_outcome_is_not_asked_for_again(
    stage: Stage, key: str, value: Json
) -> None:
    call = stage.call("potassium")
    call["prefetch"][key] = value
    assert "the query failed" in refused(stage.post(call), key, 60)
    assert stage.script.seen == [], demand(60, stage.script.seen)


def test_a60_an_operation_outcome_for_optional_data_leaves_them_unknown(stage: Stage) -> None:
    call = stage.call()
    call["prefetch"]["creatinine"] = OUTCOME
    answered = stage.post(call)
    assert answered.assessment["rule"] == "G9", demand(60, answered.assessment["rule"])
    assert stage.script.seen == [], demand(60, stage.script.seen)


def test_a61_matches_beside_an_outcome_are_used() -> None:
    mixed = searchset(INFORMATION, result("magnesium", 1.2), OUTCOME)
    with staged({"magnesium": answer(mixed)}) as stage:
        assert band(stage.post(stage.call("magnesium")), 61) == "severe"
        call = stage.call()
        call["prefetch"]["magnesium"] = mixed
        assert band(stage.post(call), 61) == "severe"


# Pages


def page(link: str | None, *resources: Json) -> Json:
    return searchset(*resources) | (
        {"link": [{"relation": "self", "url": "x"}, {"relation": "next", "url": link}]}
        if link is not None
        else {}
    )


OLD = result("magnesium", 2.0, hours_ago=30)


@pytest.mark.parametrize(
    "link",
    ["{base}/Observation?page=2", "{base}?_getpages=2", "Observation?page=2", "?page=2",
     "/fhir/Observation?page=2", "{upper}/Observation?page=2"],
)  # fmt: skip
def test_a62_a_next_page_of_the_same_server_is_read(link: str) -> None:
    with staged() as stage:
        script = stage.script
        base = stage.fhir.base
        url = link.format(base=base, upper=base.replace("http", "HTTP", 1))
        script.plays["magnesium"] = answer(page(url, OLD))
        for target in ("/Observation?page=2", "?_getpages=2"):
            script.plays[target] = answer(page(None, result("magnesium", 1.2)))
        assert band(stage.post(stage.call("magnesium")), 62) == "severe", demand(62, link)
        assert len(script.seen) == 2, demand(62, script.seen)
        assert script.strays == [], demand(62, script.strays)
        second = script.seen[1]
        assert second.headers["Authorization"] == f"Bearer {TOKEN}", demand(62, second)


def test_a62_five_pages_are_read_and_the_sixth_is_said_to_exist() -> None:
    with staged() as stage:
        base = stage.fhir.base
        first = page(f"{base}/Observation?page=2", OLD)
        stage.script.plays["magnesium"] = answer(first)
        for number in range(2, 9):
            document = page(
                f"{base}/Observation?page={number + 1}",
                result("magnesium", 2.0, hours_ago=30 + number) | {"id": f"m-{number}"},
            )
            stage.script.plays[f"/Observation?page={number}"] = answer(document)
        answered = stage.post(stage.call("magnesium"))
        assert answered.status == 200, demand(62, answered.response.text)
        assert len(stage.script.seen) == 5, demand(62, f"{len(stage.script.seen)} pages")
        # The same as if a client had sent the five pages in one Bundle that is not all.
        sent = stage.call()
        entries = [OLD] + [
            result("magnesium", 2.0, hours_ago=30 + number) | {"id": f"m-{number}"}
            for number in range(2, 6)
        ]
        sent["prefetch"]["magnesium"] = page("https://elsewhere.example/6", *entries)
        assert guidance(answered.document) == guidance(stage.post(sent).document), demand(62)


def test_a62_a_chain_of_pages_that_is_a_circle_is_left() -> None:
    with staged() as stage:
        circle = page(f"{stage.fhir.base}/Observation?page=2", result("magnesium", 1.2))
        stage.script.plays["magnesium"] = answer(circle)
        stage.script.plays["/Observation?page=2"] = answer(circle)
        assert band(stage.post(stage.call("magnesium")), 62) == "severe"
        assert len(stage.script.seen) == 2, demand(62, stage.script.seen)


@pytest.mark.parametrize("play", [hang, drop, answer(OUTCOME, 500), answer(OUTCOME)])
def test_a62_what_came_before_a_page_that_fails_is_used(play: Play) -> None:
    with staged() as stage:
        first = page(f"{stage.fhir.base}/Observation?page=2", result("magnesium", 1.2))
        stage.script.plays["magnesium"] = answer(first)
        stage.script.plays["/Observation?page=2"] = play
        answered = stage.post(stage.call("magnesium"))
        assert band(answered, 62) == "severe"
        assert answered.seconds < LONGEST_SECONDS, demand(62, f"{answered.seconds:.2f} s")
        sent = stage.call()
        sent["prefetch"]["magnesium"] = first
        assert guidance(answered.document) == guidance(stage.post(sent).document), demand(62)


FOREIGN_PAGES = {
    "another port": "http://127.0.0.1:{trap}/fhir/Observation?page=2",
    "another name": "http://localhost:{port}/fhir/Observation?page=2",
    "another scheme": "https://127.0.0.1:{port}/fhir/Observation?page=2",
    "another base": "http://127.0.0.1:{port}/admin?page=2",
    "a longer base": "http://127.0.0.1:{port}/fhirs/Observation?page=2",
    "no scheme": "//127.0.0.1:{trap}/fhir/Observation?page=2",
    "a user": "http://127.0.0.1:{port}@127.0.0.1:{trap}/fhir/Observation",
    "a user of the right name": "http://u:p@127.0.0.1:{port}/fhir/Observation?page=2",
    "dot segments": "http://127.0.0.1:{port}/fhir/../admin?page=2",
    "encoded dot segments": "http://127.0.0.1:{port}/fhir/%2e%2e/admin?page=2",
    "encoded slashes": "http://127.0.0.1:{port}/fhir/..%2fadmin?page=2",
    "dots with a parameter": "http://127.0.0.1:{port}/fhir/..;a=b/admin?page=2",
    "relative dot segments": "../admin?page=2",
    "an absolute path elsewhere": "/admin?page=2",
    "a fragment": "http://127.0.0.1:{port}/fhir/Observation?page=2#@127.0.0.1:{trap}",
    "a backslash": "http://127.0.0.1:{trap}\\@127.0.0.1:{port}/fhir/Observation",
    "a line break": "http://127.0.0.1:{port}/fhir/Observation?page=2\r\nHost: x",
    "a tab in the host": "http://127.0.0.1:{trap}\t/fhir/Observation",
    "a file": "file:///etc/passwd",
    "a blank": " http://127.0.0.1:{trap}/fhir/Observation",
    "wide letters": "http://１２７.0.0.1:{trap}/fhir/Observation",
    "data": "data:application/json,{{}}",
    "a number": "http://2130706433:{trap}/fhir/Observation",
    "IPv6": "http://[::1]:{trap}/fhir/Observation",
}


@pytest.mark.parametrize("what", FOREIGN_PAGES)
def test_a62_a_next_page_elsewhere_draws_no_packet(what: str) -> None:
    with staged() as stage, trap() as elsewhere:
        url = FOREIGN_PAGES[what].format(trap=elsewhere.port, port=stage.fhir.port)
        stage.script.plays["magnesium"] = answer(page(url, result("magnesium", 1.2)))
        with watched() as traffic:
            answered = stage.post(stage.call("magnesium"))
        assert band(answered, 62) == "severe"
        assert elsewhere.contacts == 0, demand(62, f"{what}: contacted")
        assert len(stage.script.seen) == 1, demand(62, stage.script.strays)
        allowed = {stage.fhir.port, int(stage.service.rpartition(":")[2])}
        assert {address[1] for address in traffic.connected} <= allowed, demand(62, traffic)
        sent = stage.call()
        sent["prefetch"]["magnesium"] = page(url, result("magnesium", 1.2))
        assert guidance(answered.document) == guidance(stage.post(sent).document), demand(62)


def test_a62_the_next_page_of_a_prefetched_bundle_is_not_asked_for(stage: Stage) -> None:
    with trap() as elsewhere:
        for base in (stage.fhir.base, f"http://127.0.0.1:{elsewhere.port}/fhir"):
            call = stage.call()
            link = f"{base}/Observation?page=2"
            call["prefetch"]["magnesium"] = page(link, result("magnesium", 1.2))
            assert band(stage.post(call), 62) == "severe"
        assert elsewhere.contacts == 0, demand(62)
    assert stage.script.seen == [], demand(62, stage.script.seen)


# Odd values


ODD: dict[str, Any] = {
    "a string": "123",
    "an HTML page": "<html></html>",
    "a list": [],
    "a number": 1,
    "another resource": {"resourceType": "Person", "id": "1"},
    "an empty object": {},
    "placeholders": {"resourceType": "Bundle", "link": [{"relation": "self", "url": "?c={{x}}"}]},
}


@pytest.mark.parametrize("what", ODD)
@pytest.mark.parametrize("key", REQUIRED)
def test_a63_a_value_of_the_wrong_type_is_treated_as_missing(
    stage: Stage, key: str, what: str
) -> None:
    call = stage.call()
    call["prefetch"][key] = ODD[what]
    assert band(stage.post(call), 63) == "severe"
    assert stage.script.keys == [key], demand(63, stage.script.keys)
    del call["fhirServer"], call["fhirAuthorization"]
    refused(stage.post(call), key, 63)


def test_a64_a_fetched_result_of_another_patient_is_not_used() -> None:
    foreign = result("magnesium", 1.2) | {"subject": {"reference": "Patient/somebody-else"}}
    with staged({"magnesium": answer(searchset(foreign))}) as stage:
        answered = stage.post(stage.call("magnesium"))
    assert answered.status == 200, demand(64, answered.response.text)
    assert "magnesium" not in answered.assessment.get("inputs", {}), demand(64)


def test_a64_a_fetched_patient_who_is_somebody_else_gives_412() -> None:
    somebody = order_select()["prefetch"]["patient"] | {"id": "somebody-else"}
    with staged({"patient": answer(somebody)}) as stage:
        refused(stage.post(stage.call("patient")), "patient", 64)


# Leave to read


def without_authorization(call: Json) -> None:
    del call["fhirAuthorization"]


def with_token(token: str) -> Callable[[Json], None]:
    def edit(call: Json) -> None:
        call["fhirAuthorization"]["access_token"] = token

    return edit


NO_LEAVE: dict[str, Callable[[Json], None]] = {
    "no fhirAuthorization": without_authorization,
    "an empty token": with_token(""),
    "a blank in the token": with_token("a b"),
    "a line break in the token": with_token("a\r\nX-Evil: 1"),
    "a token beyond ASCII": with_token("töken"),
    "a control character": with_token("a\x00b"),
}


@pytest.mark.parametrize("what", NO_LEAVE)
def test_a65_without_a_token_nothing_is_asked(stage: Stage, what: str) -> None:
    call = stage.call("magnesium")
    NO_LEAVE[what](call)
    assert "no access token" in refused(stage.post(call), "magnesium", 65)
    assert stage.script.seen == [], demand(65, stage.script.seen)


@pytest.mark.parametrize("what", NO_LEAVE)
def test_a65_a_sandbox_may_be_read_without_a_token_if_the_site_says_so(what: str) -> None:
    with staged(fhir_open=True) as stage:
        call = stage.call("magnesium")
        NO_LEAVE[what](call)
        assert band(stage.post(call), 65) == "severe"
        (seen,) = stage.script.seen
        assert "Authorization" not in seen.headers, demand(65, seen.headers)


@pytest.mark.parametrize("base", ["/fhir", "/fhir/r4/tenant-1", "", "/FHIR_R4/a.b~c"])
def test_a66_a_base_with_and_without_a_slash_is_asked_the_same(base: str) -> None:
    with staged(base=base) as stage:
        for address in (stage.fhir.base, stage.fhir.base + "/", stage.fhir.base.upper()[:4] +
                        stage.fhir.base[4:]):  # fmt: skip
            call = stage.call("patient", "magnesium", fhirServer=address)
            assert band(stage.post(call), 66) == "severe", demand(66, address)
        targets = [seen.target for seen in stage.script.seen]
        assert len(targets) == 6, demand(66, targets)
        assert len(set(targets)) == 2, demand(66, targets)
        assert stage.script.strays == [], demand(66, stage.script.strays)


@pytest.mark.parametrize("listed", ["{base}/", "https://other.example/fhir, {base}"])
def test_a66_a_listed_base_may_end_in_a_slash_and_be_one_of_several(listed: str) -> None:
    with staged() as first:
        base = first.fhir.base
        with staged(fhir_servers=listed.format(base=base)) as second:
            call = first.call("magnesium")
            assert band(second.post(call), 66) == "severe"
        assert first.script.keys == ["magnesium"], demand(66)


# Other places

ELSEWHERE = {
    "the metadata of a cloud": "http://169.254.169.254/",
    "the metadata of a cloud, with a path": "http://169.254.169.254/latest/meta-data/",
    "the metadata of a cloud, encrypted": "https://169.254.169.254/fhir",
    "link-local": "https://169.254.1.1/fhir",
    "IPv6 link-local": "https://[fe80::1]/fhir",
    "a file": "file:///etc/passwd",
    "gopher": "gopher://127.0.0.1:{trap}/_x",
    "ftp": "ftp://127.0.0.1:{trap}/fhir",
    "ldap": "ldap://127.0.0.1:{trap}/fhir",
    "no scheme": "//127.0.0.1:{trap}/fhir",
    "no scheme and no slashes": "127.0.0.1:{trap}/fhir",
    "nothing": "",
    "a blank": " ",
    "an internal name": "https://intranet/fhir",
    "an internal name without encryption": "http://intranet.hospital.example/fhir",
    "a name that resolves to loopback": "http://localhost:{trap}/fhir",
    "the listed port under another name": "http://localhost:{port}/fhir",
    "another port": "http://127.0.0.1:{trap}/fhir",
    "no port": "http://127.0.0.1/fhir",
    "an empty port": "http://127.0.0.1:/fhir",
    "a port of zeros": "http://127.0.0.1:0{port}/fhir",
    "a port beyond all ports": "http://127.0.0.1:{over}/fhir",
    "a negative port": "http://127.0.0.1:-{port}/fhir",
    "another scheme": "https://127.0.0.1:{port}/fhir",
    "a user": "http://u@127.0.0.1:{port}/fhir",
    "a user and a password": "http://u:p@127.0.0.1:{port}/fhir",
    "the listed server as a user": "http://127.0.0.1:{port}@127.0.0.1:{trap}/fhir",
    "the listed server as a user, encoded": "http://127.0.0.1%3A{port}@127.0.0.1:{trap}/fhir",
    "two users": "http://a@127.0.0.1:{port}@127.0.0.1:{trap}/fhir",
    "an empty user": "http://@127.0.0.1:{port}/fhir",
    "a backslash for the user": "http://127.0.0.1:{trap}\\@127.0.0.1:{port}/fhir",
    "backslashes": "http:\\\\127.0.0.1:{trap}\\fhir",
    "a decimal number": "http://2130706433:{trap}/fhir",
    "a decimal number at the listed port": "http://2130706433:{port}/fhir",
    "a hexadecimal number": "http://0x7f000001:{trap}/fhir",
    "hexadecimal parts": "http://0x7f.0.0.1:{trap}/fhir",
    "octal parts": "http://0177.0.0.1:{trap}/fhir",
    "octal parts at the listed port": "http://0177.0.0.1:{port}/fhir",
    "octal zeros": "http://127.0.0.01:{trap}/fhir",
    "a short address": "http://127.1:{trap}/fhir",
    "a short address at the listed port": "http://127.1:{port}/fhir",
    "zero": "http://0:{trap}/fhir",
    "the unspecified address": "http://0.0.0.0:{port}/fhir",
    "the IPv6 unspecified address": "http://[::]:{port}/fhir",
    "another loopback address": "http://127.0.0.2:{trap}/fhir",
    "IPv6": "http://[::1]:{trap}/fhir",
    "an IPv4 address in IPv6": "http://[::ffff:127.0.0.1]:{port}/fhir",
    "an IPv4 address in IPv6, in hexadecimal": "http://[::ffff:7f00:1]:{port}/fhir",
    "an IPv4 address in old IPv6": "http://[::127.0.0.1]:{port}/fhir",
    "an IPv4 address behind NAT64": "http://[64:ff9b::7f00:1]:{port}/fhir",
    "a zone": "http://[fe80::1%25eth0]:{trap}/fhir",
    "brackets around IPv4": "http://[127.0.0.1]:{port}/fhir",
    "a trailing dot": "http://127.0.0.1.:{port}/fhir",
    "a trailing dot elsewhere": "http://localhost.:{trap}/fhir",
    "two dots": "http://127.0.0..1:{port}/fhir",
    "a percent-encoded dot": "http://127%2E0.0.1:{port}/fhir",
    "a percent-encoded host": "http://%31%32%37.0.0.1:{trap}/fhir",
    "wide digits": "http://１２７.0.0.1:{port}/fhir",
    "circled digits": "http://①②⑦.0.0.1:{trap}/fhir",
    "an ideographic full stop": "http://127。0。0。1:{port}/fhir",
    "a soft hyphen": "http://127.0.0.1\u00ad:{port}/fhir",
    "a Kelvin sign": "http://loo\u212aup.example:{trap}/fhir",
    "a long s": "http\u017f://127.0.0.1:{port}/fhir",
    "a name beyond ASCII": "https://fhïr.example/fhir",
    "punycode": "https://xn--fhr-rma.example/fhir",
    "a wildcard name": "http://127.0.0.1.nip.io:{trap}/fhir",
    "a line break": "http://127.0.0.1:{port}/fhir\r\nHost: 127.0.0.1:{trap}",
    "a line break in the host": "http://127.0.0.1\r\n:{port}/fhir",
    "a line break at the end": "http://127.0.0.1:{port}/fhir\n",
    "a tab in the scheme": "ht\ttp://127.0.0.1:{trap}/fhir",
    "a tab in the host": "http://127.0.\t0.1:{port}/fhir",
    "a blank before": " http://127.0.0.1:{port}/fhir",
    "a null character": "http://127.0.0.1:{port}/fhir\x00",
    "a query": "http://127.0.0.1:{port}/fhir?a=b",
    "a query that swallows": "http://127.0.0.1:{trap}/?x=127.0.0.1:{port}/fhir",
    "a fragment": "http://127.0.0.1:{port}/fhir#",
    "a fragment that swallows": "http://127.0.0.1:{trap}#@127.0.0.1:{port}/fhir",
    "dot segments": "http://127.0.0.1:{port}/fhir/../admin",
    "dot segments that come back": "http://127.0.0.1:{port}/x/../fhir",
    "a dot segment": "http://127.0.0.1:{port}/./fhir",
    "encoded dot segments": "http://127.0.0.1:{port}/%2e%2e/fhir",
    "an encoded path": "http://127.0.0.1:{port}/%66hir",
    "a double slash": "http://127.0.0.1:{port}//fhir",
    "two slashes at the end": "http://127.0.0.1:{port}/fhir//",
    "another path": "http://127.0.0.1:{port}/admin",
    "a longer path": "http://127.0.0.1:{port}/fhir/admin",
    "a shorter path": "http://127.0.0.1:{port}/",
    "another case of the path": "http://127.0.0.1:{port}/FHIR",
    "a parameter": "http://127.0.0.1:{port}/fhir;x=y",
    "an address in an address": "http://127.0.0.1:{port}/fhir/http://127.0.0.1:{trap}/",
    "a very long one": "http://127.0.0.1:{port}/" + "a" * 100_000,
    "very many labels": "http://" + "a." * 100_000 + "a/fhir",
}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_a67_another_place_draws_no_packet(stage: Stage, what: str) -> None:
    with trap() as elsewhere:
        address = ELSEWHERE[what].format(
            trap=elsewhere.port, port=stage.fhir.port, over=65536 + stage.fhir.port
        )
        with watched() as traffic:
            answered = stage.post(stage.call("magnesium", fhirServer=address))
        assert "not a server that this service may read" in refused(answered, "magnesium", 67)
        assert elsewhere.contacts == 0, demand(67, f"{what}: contacted")
    own = int(stage.service.rpartition(":")[2])
    assert {address[1] for address in traffic.connected} == {own}, demand(67, traffic.connected)
    # The caller of this test looks the service up; nothing else is looked up.
    assert set(traffic.looked_up) <= {"127.0.0.1"}, demand(67, traffic.looked_up)
    assert stage.script.seen == [], demand(67, stage.script.seen)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a67_a_redirect_is_not_followed(status: int) -> None:
    with staged() as stage, trap() as elsewhere:
        for target in (f"http://127.0.0.1:{elsewhere.port}/fhir", f"{stage.fhir.base}/Patient/x"):
            stage.script.seen.clear()
            redirect = answer(searchset(result("magnesium", 1.2)), status, {"Location": target})
            stage.script.plays["magnesium"] = redirect
            answered = stage.post(stage.call("magnesium"))
            reason = refused(answered, "magnesium", 67)
            assert f"refused it with status {status}" in reason, demand(67, reason)
            assert len(stage.script.seen) == 1, demand(67, stage.script.seen)
        assert elsewhere.contacts == 0, demand(67, "followed")


def test_a67_a_call_is_not_refused_for_a_fhir_server_that_is_not_needed(stage: Stage) -> None:
    for address in ("file:///etc/passwd", "http://169.254.169.254/", "nonsense"):
        assert band(stage.post(stage.call(fhirServer=address)), 67) == "severe"


@pytest.mark.parametrize(
    "scope",
    [
        "user/Observation.read",
        "user/Observation.rs patient/*.rs",
        "patient/Observation.rs?category=http://terminology.hl7.org/x|laboratory",
        "launch",
        "",
    ],
)
def test_a68_scopes_of_either_grammar_are_borne(stage: Stage, scope: str) -> None:
    call = stage.call("magnesium", fhirAuthorization={**AUTHORIZATION, "scope": scope})
    assert band(stage.post(call), 68) == "severe", demand(68, scope)
    assert stage.script.keys == ["magnesium"], demand(68, scope)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a69_the_newest_final_value_is_used_whatever_the_order(order: tuple[int, ...]) -> None:
    values = [
        result("magnesium", 1.2, hours_ago=1),
        result("magnesium", 2.0, hours_ago=9) | {"id": "m-2"},
        result("magnesium", 1.6, hours_ago=20) | {"id": "m-3"},
    ]
    with staged({"magnesium": answer(searchset(*(values[index] for index in order)))}) as stage:
        answered = stage.post(stage.call("magnesium"))
    assert band(answered, 69) == "severe", demand(69, order)
    assert str(answered.assessment["inputs"]["magnesium"]["value"]) == "1.2", demand(69, order)


@pytest.mark.parametrize(
    "listed",
    [
        "http://ehr.example/fhir",
        "https://ehr.example/fhir, http://10.1.2.3/fhir",
        "http://[2001:db8::1]/fhir",
        "http://169.254.169.254/",
        "http://0.0.0.0/fhir",
        "http://127.0.0.1.nip.io/fhir",
    ],
)
def test_a100_an_unencrypted_server_elsewhere_stops_the_start(listed: str) -> None:
    with pytest.raises(SettingsError, match=r"^MAGNESIA_FHIR_SERVERS must be .*https"):
        Settings.from_environment({"MAGNESIA_FHIR_SERVERS": listed})


def test_a100_a_listed_server_is_not_asked_without_encryption() -> None:
    with staged(fhir_servers="https://ehr.example/fhir") as stage, watched() as traffic:
        call = stage.call("magnesium", fhirServer="http://ehr.example/fhir")
        refused(stage.post(call), "magnesium", 100)
    assert "ehr.example" not in traffic.looked_up, demand(100, traffic.looked_up)

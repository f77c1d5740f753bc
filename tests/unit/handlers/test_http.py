"""The HTTPS door where the answer may wait: Prefer: respond-async, and what GET says until the receipt is there."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from intake.handlers import http, s3
from intake.model.errors import StoreFailed
from intake.model.file import File
from intake.model.limits import Limits
from intake.model.manifest import MAX_DOCUMENT_BYTES
from support.fakes import Delayed
from support.handler_fakes import House, house
from support.lambda_context import Context
from support.lambda_events import s3_record
from support.sample_images import picture

URL = "https://a.example/1?X-Amz-Signature=secret"
FILE = {"id": "lot-7", "urls": [URL], "note": "the caller's own"}


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with house(monkeypatch) as built:
        built.fetch.results = {URL: picture(4, 3, 1)}
        yield built


def ask(method: str, path: str, document: object = None, **headers: str) -> tuple[int, dict[str, Any], dict[str, Any]]:
    body = None if document is None else document if isinstance(document, str) else json.dumps(document)
    return answer_to(method, path, body, {"headers": headers})


def answer_to(
    method: str, path: str, body: str | None, headers: dict[str, Any]
) -> tuple[int, dict[str, Any], dict[str, Any]]:
    event = {"httpMethod": method, "path": path, "requestContext": {}, "body": body, "isBase64Encoded": False} | headers
    answer = http.handler(event, Context(29.0))
    given = {name: values[0] for name, values in answer["multiValueHeaders"].items()}
    return answer["statusCode"], given, json.loads(answer["body"])


@pytest.mark.parametrize("prefer", ["respond-async", "Respond-Async; wait=10", "wait=10, respond-async"])
def test_a_file_that_may_wait_goes_through_the_inbox(behind: House, prefer: str) -> None:
    status, headers, body = ask("POST", "/files", FILE, Prefer=prefer)
    assert (status, headers["Location"], body) == (202, "/files/lot-7", {"id": "lot-7", "status": "pending"})
    assert headers["Preference-Applied"] == "respond-async"
    assert json.loads(behind.inbox.objects["inbox/lot-7.json"]) == FILE
    assert behind.fetch.requests.total() == 0


@pytest.mark.usefixtures("behind")
def test_it_is_pending_until_the_s3_door_has_written_the_receipt() -> None:
    ask("POST", "/files", FILE, prefer="respond-async")
    assert ask("GET", "/files/lot-7")[0] == 202
    s3.handler({"Records": [s3_record("inbox/lot-7.json")]}, Context(60.0))
    status, _, receipt = ask("GET", "/files/lot-7")
    assert (status, receipt["status"]) == (200, "stored")


@pytest.mark.usefixtures("behind")
def test_an_id_that_was_left_out_is_in_the_answer_and_the_receipt_stands_under_it() -> None:
    _, headers, body = ask("POST", "/files", {"urls": [URL]}, Prefer="respond-async")
    digest = File.parse({"urls": [URL]}).id
    assert (headers["Location"], body["id"]) == (f"/files/{digest}", digest)
    s3.handler({"Records": [s3_record(f"inbox/{digest}.json")]}, Context(60.0))
    status, _, receipt = ask("GET", headers["Location"])
    assert (200, digest) == (status, receipt["id"])


@pytest.mark.parametrize(
    ("accepted", "values"),
    [
        (True, ["respond-async", "wait=10"]),
        (True, ["wait=10", "respond-async"]),
        (True, ["return=minimal, respond-async", "wait=10"]),
        (False, ["return=minimal", "wait=10"]),
    ],
)
@pytest.mark.usefixtures("behind")
def test_a_preference_counts_in_whichever_of_several_fields_it_stands(*, accepted: bool, values: list[str]) -> None:
    headers = {"headers": {"prefer": values[-1]}, "multiValueHeaders": {"prefer": values}}
    assert (202 if accepted else 200) == answer_to("POST", "/files", json.dumps(FILE), headers)[0]


@pytest.mark.parametrize("notes", ["[]", "[1e5, 1e15, 1e15]", '"\\u00e9"'])
def test_what_was_accepted_is_never_too_large_for_the_inbox(behind: House, notes: str) -> None:
    """As large as a body may be, without an id, and with numbers that are longer when they are written anew."""
    start = f'{{"urls": ["{URL}"], "notes": {notes}, "more": "'
    body = start + "x" * (MAX_DOCUMENT_BYTES - len(start) - 2) + '"}'
    assert len(body) == MAX_DOCUMENT_BYTES
    status, headers, _ = ask("POST", "/files", body, Prefer="respond-async")
    assert status == 202
    [(key, manifest)] = behind.inbox.objects.items()
    assert body.encode() == manifest
    s3.handler({"Records": [s3_record(key)]}, Context(60.0))
    assert ask("GET", headers["Location"])[0] == 200


def test_what_is_no_file_is_refused_at_once_also_when_it_may_wait(behind: House) -> None:
    assert ask("POST", "/files", {"urls": []}, Prefer="respond-async")[0] == 422
    assert not behind.inbox.objects


@pytest.mark.parametrize("prefer", ["", "wait=10", "return=minimal", "respond-asynchronously"])
def test_without_the_preference_the_answer_is_the_receipt(behind: House, prefer: str) -> None:
    assert ask("POST", "/files", FILE, Prefer=prefer)[0] == 200
    assert not behind.inbox.objects


def test_without_an_inbox_the_preference_is_not_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    with house(monkeypatch, inbox_bucket="") as behind:
        behind.fetch.results = {URL: picture(4, 3, 1)}
        status, headers, _ = ask("POST", "/files", FILE, Prefer="respond-async")
        assert (status, headers.get("Preference-Applied")) == (200, None)
        assert ask("GET", "/files/lot-8")[0] == 404


def test_an_id_that_nobody_handed_over_is_not_found(behind: House) -> None:
    assert ask("GET", "/files/lot-8")[0] == 404
    assert not behind.store.objects


def test_the_problem_of_a_manifest_is_answered_as_a_problem(behind: House) -> None:
    behind.inbox.objects["inbox/lot-7.json"] = b"no JSON"
    s3.handler({"Records": [s3_record("inbox/lot-7.json")]}, Context(60.0))
    status, headers, problem = ask("GET", "/files/lot-7")
    assert (status, headers["Content-Type"], problem["status"]) == (422, "application/problem+json", 422)


def test_the_problem_of_a_manifest_that_was_replaced_meanwhile_is_not_the_answer(behind: House) -> None:
    behind.inbox.objects["inbox/lot-7.json"] = b"no JSON"
    s3.handler({"Records": [s3_record("inbox/lot-7.json")]}, Context(60.0))
    ask("POST", "/files", FILE, Prefer="respond-async")
    assert ask("GET", "/files/lot-7")[0] == 202
    s3.handler({"Records": [s3_record("inbox/lot-7.json")]}, Context(60.0))
    assert ask("GET", "/files/lot-7")[0] == 200


def test_the_problem_of_a_manifest_stays_when_the_manifest_is_gone(behind: House) -> None:
    behind.inbox.objects["inbox/lot-7.json"] = b"no JSON"
    s3.handler({"Records": [s3_record("inbox/lot-7.json")]}, Context(60.0))
    behind.inbox.objects.clear()
    assert ask("GET", "/files/lot-7")[0] == 422


def test_the_problem_of_another_manifest_with_the_same_name_says_which_it_is_about(behind: House) -> None:
    behind.inbox.objects = {"inbox/lot-7.json": json.dumps(FILE | {"id": "other"}).encode(), "inbox/lot-7.jsonl": b"{"}
    s3.handler({"Records": [s3_record("inbox/lot-7.json"), s3_record("inbox/lot-7.jsonl")]}, Context(60.0))
    status, _, problem = ask("GET", "/files/lot-7")
    assert (status, problem["manifest"]["key"]) == (422, "inbox/lot-7.jsonl")


def test_an_inbox_that_cannot_be_written_is_a_bad_gateway(behind: House) -> None:
    behind.inbox.failure = StoreFailed()
    assert ask("POST", "/files", FILE, Prefer="respond-async")[0] == 502


@pytest.mark.parametrize(("waited", "left"), [(0.0, 29.0), (4.0, 25.0), (60.0, 29.0), (-5.0, 29.0)])
def test_the_time_counts_from_when_the_gateway_began_to_wait(
    monkeypatch: pytest.MonkeyPatch, waited: float, left: float
) -> None:
    """A time that cannot be is none: sample events carry old ones."""
    monkeypatch.setattr("intake.handlers.http.time.time", lambda: 1000.0 + waited)
    event = {"requestContext": {"requestTimeEpoch": 1_000_000}}
    assert left == pytest.approx(http.seconds_left(event, Context(900.0)), abs=0.01)


def test_the_functions_own_time_counts_where_it_is_shorter() -> None:
    assert http.seconds_left({}, Context(3.0)) == pytest.approx(3.0, abs=0.01)


def test_the_answer_leaves_before_the_function_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    with house(monkeypatch, limits=Limits(deadline_margin=0.1)) as behind:
        behind.fetch.results = {URL: Delayed(float("inf"))}
        monkeypatch.setattr(http, "GATEWAY_SECONDS", 0.3)
        status, _, receipt = ask("POST", "/files", FILE)
        assert (status, receipt["images"][0]["error"]["code"]) == (502, "deadline_exceeded")


def test_a_store_that_does_not_answer_in_time_is_a_bad_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    with house(monkeypatch, limits=Limits(deadline_margin=0.1)) as behind:
        behind.store.delay = 60.0
        monkeypatch.setattr(http, "GATEWAY_SECONDS", 0.3)
        assert ask("GET", "/files/lot-7")[0] == 502

"""The HTTP handler on fakes: `Prefer: respond-async`, what GET answers over a File's life, and its time limit."""

import json
from collections.abc import Iterator

import pytest

from intake.handlers import http, s3
from intake.model.error_codes import StoreFailed
from intake.model.file import File
from intake.model.limits import Limits
from intake.model.manifest import MAX_DOCUMENT_BYTES
from support.fake_ports import Delayed
from support.handler_fakes import HandlerFakes, install_fakes
from support.http_calls import call, get, post
from support.lambda_context import Context
from support.lambda_events import s3_record
from support.sample_images import picture

URL = "https://a.example/1?X-Amz-Signature=secret"
FILE = {"id": "lot-7", "urls": [URL], "note": {"of": "the caller's own"}}
NOT_A_FILE = b"no JSON"


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[HandlerFakes]:
    with install_fakes(monkeypatch) as installed:
        installed.downloader.results = {URL: picture(4, 3, 1)}
        yield installed


def run_s3_handler(*keys: str) -> None:
    s3.handler({"Records": [s3_record(key) for key in keys]}, Context(60.0))


def drop(fakes: HandlerFakes, key: str, manifest: bytes) -> None:
    """Put a manifest into the inbox, and let the S3 handler ingest it."""
    fakes.inbox.objects[key] = manifest
    run_s3_handler(key)


@pytest.mark.parametrize("prefer", ["respond-async", "Respond-Async; wait=10", "wait=10, respond-async"])
def test_post_puts_the_file_into_the_inbox_when_the_caller_prefers_async(fakes: HandlerFakes, prefer: str) -> None:
    status, headers, body = post(FILE, prefer)
    assert (status, headers["Location"], body) == (202, "/files/lot-7", {"id": "lot-7", "status": "pending"})
    assert headers["Preference-Applied"] == "respond-async"
    assert json.loads(fakes.inbox.objects["inbox/lot-7.json"]) == FILE
    assert fakes.downloader.requests.total() == 0


@pytest.mark.parametrize("prefer", ["", "wait=10", "return=minimal", "respond-asynchronously"])
def test_post_returns_the_receipt_when_the_caller_does_not_prefer_async(fakes: HandlerFakes, prefer: str) -> None:
    assert post(FILE, prefer)[0] == 200
    assert not fakes.inbox.objects


@pytest.mark.parametrize(
    ("expected", "values"),
    [
        (202, ["respond-async", "wait=10"]),
        (202, ["wait=10", "respond-async"]),
        (202, ["return=minimal, respond-async", "wait=10"]),
        (200, ["return=minimal", "wait=10"]),
    ],
)
@pytest.mark.usefixtures("fakes")
def test_post_reads_all_prefer_headers_when_there_are_several(expected: int, values: list[str]) -> None:
    headers = {"headers": {"prefer": values[-1]}, "multiValueHeaders": {"prefer": values}}
    assert call("POST", "/files", json.dumps(FILE), **headers)[0] == expected


def test_post_returns_the_receipt_when_there_is_no_inbox(monkeypatch: pytest.MonkeyPatch) -> None:
    with install_fakes(monkeypatch, inbox_bucket="") as fakes:
        fakes.downloader.results = {URL: picture(4, 3, 1)}
        status, headers, _ = post(FILE, "respond-async")
        assert (status, headers.get("Preference-Applied")) == (200, None)
        assert get("/files/lot-8")[0] == 404


def test_post_rejects_an_invalid_file_at_once_when_the_caller_prefers_async(fakes: HandlerFakes) -> None:
    assert post({"urls": []}, "respond-async")[0] == 422
    assert not fakes.inbox.objects


@pytest.mark.parametrize(
    ("status", "expected", "body"),
    [
        (200, "", "\ufeff" + json.dumps(FILE)),
        (400, "is not JSON: it is empty", ""),
        (400, "is not JSON: key must be a string at line 1 column 2; strings need straight double quotes", "{'a': 1}"),
        (400, "has a second document at line 2 column 1", f"{json.dumps(FILE)}\n{json.dumps(FILE)}"),
        (400, "is nested too deeply at line 1 column 202", "[" * 5000),
        (422, "has the member 'id' twice in one object", '{"id": "a", "urls": [], "id": "b"}'),
        (422, "must be an object, got a list. Send each File by itself", json.dumps([FILE])),
        (422, "must be written urls", json.dumps({"URLs": [URL]})),
    ],
)
@pytest.mark.usefixtures("fakes")
def test_post_says_what_is_wrong_with_the_body(status: int, expected: str, body: str) -> None:
    response = call("POST", "/files", body)
    messages = [error["message"] for error in response[2].get("errors", [{"message": ""}])]
    assert (response[0], messages[0].startswith(expected)) == (status, True), messages


@pytest.mark.parametrize(
    "document",
    [
        {"fileUrl": 7, "baseUrls": [3] * 300_000, "id": 7},
        {"urls": [{"url": [1], "sha256": "x"}] * 35_000},
        {"urls": [{"url": ["x" * 9000]}] * 101, "id": "\x00" * 9000},
        {"id": "x" * 1_000_000},
        {"fileUrl": ["\x00"] * 90_000, "baseUrls": {str(n): n for n in range(1000)}},
        {f"file_Url{'-' * (n % 9)}{n}": "x" for n in range(20_000)},
    ],
)
@pytest.mark.usefixtures("fakes")
def test_post_responds_within_the_limit_of_lambda_whatever_is_wrong_with_the_file(document: object) -> None:
    """AWS Lambda quotas: a synchronous response has at most 6 MB."""
    assert len(json.dumps(document)) <= MAX_DOCUMENT_BYTES
    status, _, problem = post(document)
    assert status == 422
    assert 1 <= len(problem["errors"]) <= 500
    assert len(json.dumps(json.dumps(problem))) < 1_000_000


@pytest.mark.usefixtures("fakes")
def test_post_answers_with_the_id_that_the_receipt_gets_when_the_file_has_none() -> None:
    _, headers, body = post({"urls": [URL]}, "respond-async")
    digest = File.parse({"urls": [URL]}).id
    assert (headers["Location"], body["id"]) == (f"/files/{digest}", digest)
    run_s3_handler(f"inbox/{digest}.json")
    status, _, receipt = get(headers["Location"])
    assert (200, digest) == (status, receipt["id"])


@pytest.mark.parametrize("notes", ["[]", "[1e5, 1e15, 1e15]", '"\\u00e9"'])
def test_post_forwards_the_largest_body_unchanged(fakes: HandlerFakes, notes: str) -> None:
    """Its numbers would be longer if they were written anew, and the manifest then too large for the S3 handler."""
    start = f'{{"urls": ["{URL}"], "notes": {notes}, "more": "'
    body = start + "x" * (MAX_DOCUMENT_BYTES - len(start) - 2) + '"}'
    assert len(body) == MAX_DOCUMENT_BYTES
    status, headers, _ = call("POST", "/files", body, headers={"Prefer": "respond-async"})
    assert status == 202
    [(key, manifest)] = fakes.inbox.objects.items()
    assert body.encode() == manifest
    fakes.inbox.chunk_size = 1 << 20
    run_s3_handler(key)
    assert get(headers["Location"])[0] == 200


def test_post_responds_502_when_the_inbox_cannot_be_written(fakes: HandlerFakes) -> None:
    fakes.inbox.failure = StoreFailed()
    assert post(FILE, "respond-async")[0] == 502


@pytest.mark.usefixtures("fakes")
def test_get_is_pending_until_the_s3_handler_has_stored_the_receipt() -> None:
    post(FILE, "respond-async")
    status, headers, body = get("/files/lot-7")
    assert (status, headers["Location"], body) == (202, "/files/lot-7", {"id": "lot-7", "status": "pending"})
    run_s3_handler("inbox/lot-7.json")
    status, _, receipt = get("/files/lot-7")
    assert (status, receipt["status"]) == (200, "stored")


def test_get_responds_404_when_nothing_is_known_of_the_file(fakes: HandlerFakes) -> None:
    assert get("/files/lot-8")[0] == 404
    assert not fakes.store.objects


def test_get_returns_the_problem_when_the_manifest_is_not_a_file(fakes: HandlerFakes) -> None:
    drop(fakes, "inbox/lot-7.json", NOT_A_FILE)
    status, headers, problem = get("/files/lot-7")
    assert (status, headers["Content-Type"], problem["status"]) == (422, "application/problem+json", 422)
    fakes.inbox.objects.clear()  # the manifest expires
    assert get("/files/lot-7")[0] == 422


def test_get_is_pending_and_then_done_when_the_manifest_was_mended(fakes: HandlerFakes) -> None:
    drop(fakes, "inbox/lot-7.json", NOT_A_FILE)
    post(FILE, "respond-async")
    assert get("/files/lot-7")[0] == 202
    run_s3_handler("inbox/lot-7.json")
    assert get("/files/lot-7")[0] == 200


@pytest.mark.parametrize("key", ["inbox/lot-7.json", "inbox/lot-7.jsonl"])
def test_get_returns_the_receipt_when_a_later_manifest_of_that_name_is_not_a_file(
    fakes: HandlerFakes, key: str
) -> None:
    drop(fakes, "inbox/lot-7.json", json.dumps(FILE).encode())
    receipt = fakes.store.objects["receipts/lot-7.json"]
    drop(fakes, key, NOT_A_FILE)
    assert fakes.store.objects["receipts/lot-7.json"] == receipt
    assert json.loads(fakes.store.objects["problems/lot-7.json"])["manifest"]["key"] == key
    assert get("/files/lot-7")[0] == 200


def test_get_is_pending_when_only_another_manifest_of_that_name_is_not_a_file(fakes: HandlerFakes) -> None:
    drop(fakes, "inbox/lot-7.jsonl", NOT_A_FILE)
    assert get("/files/lot-7")[0] == 422
    post(FILE, "respond-async")
    assert get("/files/lot-7")[0] == 202


@pytest.mark.parametrize("key", ["receipts/lot-7.json", "problems/lot-7.json"])
def test_get_responds_502_when_a_stored_document_is_damaged(fakes: HandlerFakes, key: str) -> None:
    fakes.store.objects[key] = b"{"
    assert get("/files/lot-7")[0] == 502


@pytest.mark.parametrize(("error", "status"), [(StoreFailed(), 502), (ZeroDivisionError(), 500)])
def test_failure_response_names_the_request_id(fakes: HandlerFakes, error: Exception, status: int) -> None:
    fakes.store.failures["receipts/"] = error
    found, _, problem = get("/files/lot-7")
    assert found == status
    assert problem["detail"].endswith(f"see the service log (request id {Context(1.0).aws_request_id}).")


@pytest.mark.parametrize(("waited", "left"), [(0.0, 29.0), (4.0, 25.0), (60.0, 29.0), (-5.0, 29.0)])
def test_time_left_counts_from_when_the_gateway_began_to_wait(
    monkeypatch: pytest.MonkeyPatch, waited: float, left: float
) -> None:
    """An impossible time is ignored: sample events carry old ones."""
    monkeypatch.setattr("intake.handlers.http.time.time", lambda: 1000.0 + waited)
    event = {"requestContext": {"requestTimeEpoch": 1_000_000}}
    assert left == pytest.approx(http.seconds_left(event, Context(900.0)), abs=0.01)


def test_time_left_is_the_functions_when_that_is_shorter() -> None:
    assert http.seconds_left({}, Context(3.0)) == pytest.approx(3.0, abs=0.01)


def test_handler_responds_before_the_gateway_stops_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    with install_fakes(monkeypatch, limits=Limits(deadline_margin=0.1)) as fakes:
        monkeypatch.setattr(http, "GATEWAY_TIMEOUT", 0.3)
        fakes.downloader.results = {URL: Delayed(float("inf"))}
        status, _, receipt = post(FILE)
        assert (status, receipt["images"][0]["error"]["code"]) == (502, "deadline_exceeded")
        fakes.store.delay = 60.0
        assert get("/files/lot-7")[0] == 502

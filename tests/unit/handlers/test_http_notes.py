"""Notes over HTTP: in the response, in the stored receipt, and the problem of one that is not valid."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from intake.handlers import http, s3
from support.handler_fakes import HandlerFakes, install_fakes
from support.lambda_context import Context
from support.lambda_events import s3_record
from support.sample_images import picture

URL = "https://a.example/1"


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[HandlerFakes]:
    with install_fakes(monkeypatch) as installed:
        installed.downloader.results = {URL: picture(4, 3, 1)}
        yield installed


def call(method: str, path: str, **members: object) -> tuple[int, Any]:
    """Call the handler; return the status and the decoded body."""
    event = {"httpMethod": method, "path": path, "headers": {}, "requestContext": {}, "isBase64Encoded": False}
    response = http.handler(event | members, Context(29.0))
    return response["statusCode"], json.loads(response["body"])


def post(body: str, prefer: str | None = None) -> tuple[int, Any]:
    return call("POST", "/files", body=body, headers={} if prefer is None else {"Prefer": prefer})


NOTED = {
    "id": "lot-7",
    "urls": [{"url": URL, "note": {"a": [1.5]}}, {"url": "x", "note": {"b": None}}],
    "note": {"lot": 7},
}


@pytest.mark.parametrize("prefer", [None, "respond-async"])
@pytest.mark.usefixtures("fakes")
def test_notes_are_in_the_response_and_in_the_stored_receipt(prefer: str | None) -> None:
    status, receipt = post(json.dumps(NOTED), prefer)
    if prefer:
        s3.handler({"Records": [s3_record("inbox/lot-7.json")]}, Context(60.0))
    for document in (call("GET", "/files/lot-7")[1], *([] if prefer else [receipt])):
        assert (document["note"], [image["note"] for image in document["images"]]) == (
            {"lot": 7},
            [{"a": [1.5]}, {"b": None}],
        )
    assert status == (202 if prefer else 207)


@pytest.mark.parametrize(
    ("status", "expected", "note"),
    [
        (200, "", '{"a": 1E5}'),
        (422, "must have finite numbers, got NaN or infinity, as 1e400 is read", '{"a": [1e400]}'),
        (422, "must have at most 2,048 bytes as compact JSON in UTF-8, got 3,008", '{"a": "' + "x" * 3000 + '"}'),
        (422, "must have at most 32 levels of objects and lists, got 191", '{"a": ' + "[" * 190 + "]" * 190 + "}"),
        (400, "is not JSON", '{"a": "\\ud800"}'),
        (422, "has the member 'a' twice", '{"a": 1, "a": 2}'),
        (422, "must be an object, got a string", '"secret"'),
    ],
)
@pytest.mark.usefixtures("fakes")
def test_post_says_what_is_wrong_with_a_note(status: int, expected: str, note: str) -> None:
    body = '{"id": "lot-7", "urls": ["' + URL + '"], "note": ' + note + "}"
    found, document = post(body)
    messages = [error["message"] for error in document.get("errors", [{"message": ""}])]
    assert (found, messages[0].startswith(expected)) == (status, True), messages
    assert found == 200 or "secret" not in str(document)

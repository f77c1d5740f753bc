"""The queue handler on fakes: which messages come again, what receipts a redelivery takes over, and problems."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from infra.build.template_file import ROOT

from intake.handlers.queue import handler
from intake.model.error_codes import ConnectFailed, StoreDenied, StoreFailed
from intake.model.file import InvalidFile
from intake.model.limits import Limits
from intake.telemetry import logger
from support.fake_ports import Delayed
from support.handler_fakes import HandlerFakes, install_fakes
from support.lambda_context import Context
from support.lambda_events import s3_record, sqs_event, sqs_record
from support.sample_images import picture

AT = "https://a.example/"
NOW = datetime.now(UTC)


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[HandlerFakes]:
    with install_fakes(monkeypatch, limits=Limits(deadline_margin=0.1)) as installed:
        installed.downloader.results = {
            AT + "1": picture(4, 3, 1),
            AT + "2": picture(5, 4, 2),
            AT + "late": ConnectFailed(),
            AT + "slow": Delayed(float("inf")),
        }
        yield installed


def body(file_id: str, *names: str, **members: object) -> str:
    return json.dumps({"id": file_id, "urls": [AT + name for name in names]} | members)


def call(event: dict[str, Any], seconds: float = 60.0) -> set[str]:
    """Return the ids of the messages that come again."""
    response = handler(event, Context(seconds))
    assert response.keys() == {"batchItemFailures"}
    return {str(failure["itemIdentifier"]) for failure in response["batchItemFailures"]}


def test_handler_ingests_the_file_of_every_message_at_once(fakes: HandlerFakes) -> None:
    fakes.downloader.results = {AT + name: Delayed(0.05, picture(4, 3, 1)) for name in "12"}
    bodies = ["\ufeff" + body("a", "1"), body("b", "2"), body("c", "gone"), body("d", "1", "2")]
    assert call(sqs_event(*bodies)) == set()
    assert {f"receipts/{name}.json" for name in "abcd"} <= fakes.store.objects.keys()
    assert fakes.downloader.max_concurrent == 4
    assert sorted(fakes.downloader.shares) == ["a", "b", "c", "d", "d"]  # images that hang delay only their own File


def test_message_is_done_when_its_file_failed_for_good(fakes: HandlerFakes) -> None:
    assert call(sqs_event(body("a", "gone"), json.dumps({"id": "b", "urls": ["file:///etc/passwd"]}))) == set()
    statuses = {name: json.loads(fakes.store.objects[f"receipts/{name}.json"])["status"] for name in "ab"}
    assert statuses == {"a": "failed", "b": "failed"}


def test_only_messages_that_may_get_further_come_again(fakes: HandlerFakes) -> None:
    fakes.store.failures["receipts/c"] = StoreFailed()
    assert call(sqs_event(body("a", "1"), body("b", "1", "late"), body("c", "2"), "no File")) == {
        "message-1",
        "message-2",
        "message-3",
    }


@pytest.mark.usefixtures("fakes")
def test_response_is_no_exception_when_every_message_comes_again() -> None:
    """An exception would count as an error of the function, and slow the polling of the whole queue."""
    assert call(sqs_event(body("a", "late"), "no File")) == {"message-0", "message-1"}


def test_message_comes_again_when_no_time_is_left_for_its_file(fakes: HandlerFakes) -> None:
    assert call(sqs_event(body("a", "1"), body("b", "slow")), seconds=0.15) == {"message-0", "message-1"}
    assert {file.id for file in fakes.observer.skipped} == {"a", "b"}
    assert not fakes.store.objects


def test_message_comes_again_when_an_image_exceeded_the_deadline(fakes: HandlerFakes) -> None:
    assert call(sqs_event(body("a", "1", "slow"), body("b", "2")), seconds=0.6) == {"message-0"}
    receipt = json.loads(fakes.store.objects["receipts/a.json"])
    assert [image.get("error", {}).get("code") for image in receipt["images"]] == [None, "deadline_exceeded"]


def test_redelivery_requests_only_what_is_not_final(fakes: HandlerFakes) -> None:
    """As after a function that was killed before Lambda deleted the messages."""
    event = sqs_event(body("a", "1", "gone", "late"), body("b", "2"), at=NOW)
    assert call(event) == {"message-0"}
    writes = fakes.store.writes.copy()
    assert call(event) == {"message-0"}
    fakes.downloader.results = dict(fakes.downloader.results) | {AT + "late": picture(6, 5, 3)}
    assert call(event) == set()
    names = {"1": 1, "gone": 1, "late": 3, "2": 1}
    assert fakes.downloader.requests == {AT + name: times for name, times in names.items()}
    assert fakes.store.writes["receipts/b.json"] == writes["receipts/b.json"] == 1


def test_later_message_with_the_same_file_asks_the_origins_again(fakes: HandlerFakes) -> None:
    """It is a new request. One of these was sent before the receipt of the other was written."""
    call(sqs_event(body("a", "1"), at=NOW - timedelta(seconds=90)))
    call(sqs_event(body("a", "1"), at=NOW - timedelta(seconds=60)))
    assert fakes.downloader.requests == {AT + "1": 1}
    call(sqs_event(body("a", "1"), at=NOW + timedelta(hours=1)))  # sent after the receipt was written
    assert fakes.downloader.requests == {AT + "1": 2}


@pytest.mark.parametrize(
    "attributes",
    [None, {}, "none", {"SentTimestamp": "now"}, {"SentTimestamp": 1}, {"SentTimestamp": "9" * 30}],
    ids=repr,
)
@pytest.mark.parametrize("name", ["1", "late"])
def test_message_that_was_made_by_hand_is_a_new_request(fakes: HandlerFakes, name: str, attributes: object) -> None:
    """It has an id and a body, and what it lacks reuses no receipt."""
    record = {"eventSource": "aws:sqs", "messageId": "by-hand", "body": body("a", name)}
    event = {"Records": [record if attributes is None else record | {"attributes": attributes}]}
    expected = {"by-hand"} if name == "late" else set()
    assert [call(event), call(event)] == [expected] * 2
    assert fakes.downloader.requests == {AT + name: 2}


@pytest.mark.parametrize(
    ("paths", "changed"),
    [
        ("Records[1].messageId", {"messageId": 7}),
        ("Records[1].body", {"body": None}),
        ("Records[1].messageId Records[1].body", {"messageId": None, "body": {"urls": []}}),
        ("Records[1]", None),
    ],
)
def test_event_is_refused_when_a_record_is_no_message(
    fakes: HandlerFakes, paths: str, changed: dict[str, object] | None
) -> None:
    """SQS sends no such record; nobody could say which message comes again."""
    record = None if changed is None else sqs_record("m-2", body("b", "2")) | changed
    with pytest.raises(InvalidFile) as caught:
        handler({"Records": [sqs_record("m-1", body("a", "1")), record]}, Context(60.0))
    assert [fault.path for fault in caught.value.faults] == paths.split()
    assert not fakes.store.objects


def test_log_counts_each_message_once(fakes: HandlerFakes, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQS may deliver a message twice in one batch."""
    lines: list[tuple[str, dict[str, int]]] = []
    monkeypatch.setattr(logger, "info", lambda message, extra: lines.append((message, extra)))
    records = [sqs_record("m-1", "no File"), sqs_record("m-1", "no File"), sqs_record("m-2", body("a", "late"))]
    records += [sqs_record("m-2", body("a", "late")), sqs_record("m-3", body("b", "1")), sqs_record("m-4", "none")]
    assert call({"Records": records}) == {"m-1", "m-2", "m-4"}
    assert lines == [("messages done", {"files": 2, "refused": 2, "pending": 1})]
    assert fakes.store.objects.keys() >= {"problems/m-1.json", "receipts/b.json"}


@pytest.mark.parametrize("name", ["1", "late", "gone"])
def test_messages_with_the_same_body_have_one_file(fakes: HandlerFakes, name: str) -> None:
    """A sender that got no response sends again, and SQS may deliver a message twice."""
    text = body("a", name)
    records = [sqs_record("m-1", text), sqs_record("m-2", text, at=NOW + timedelta(seconds=5)), sqs_record("m-1", text)]
    assert call({"Records": records}) == ({"m-1", "m-2"} if name == "late" else set())
    assert fakes.downloader.requests == {AT + name: 1}
    assert fakes.store.writes["receipts/a.json"] == 1


def test_files_with_the_same_images_and_different_notes_are_two(fakes: HandlerFakes) -> None:
    assert call(sqs_event(body("a", "1", note={"row": 1}), body("b", "1", note={"row": 2}))) == set()
    notes = [json.loads(fakes.store.objects[f"receipts/{name}.json"])["note"] for name in "ab"]
    assert notes == [{"row": 1}, {"row": 2}]


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("is not JSON: it is empty", " "),
        ("is not JSON: expected ident at line 1 column 2", "no JSON"),
        ("must be an object, got a list. Send each File by itself", "[]"),
        ("must be an object, got a string: send the object itself", json.dumps(body("a", "1"))),
        ("is missing; a File has fileUrl and baseUrls, a list of URLs has urls", "{}"),
        ("has the member 'id' twice in one object", '{"id": "a", "urls": [], "id": "b"}'),
        (
            "is a notification of SNS with a message in it, not a File: turn on raw message delivery",
            json.dumps({"Type": "Notification", "TopicArn": "arn:aws:sns:…", "Message": body("a", "1")}),
        ),
        ("is an event of S3, not a File", json.dumps({"Records": [s3_record("inbox/a.json")]})),
        ("is the record of an event that failed", json.dumps({"requestPayload": {}, "requestContext": {}})),
        ("is not text in UTF-8", '{"id": "\ud800", "urls": []}'),
    ],
)
def test_message_that_is_no_file_has_a_problem_and_comes_again(fakes: HandlerFakes, expected: str, text: str) -> None:
    assert call(sqs_event(text, body("b", "1"))) == {"message-0"}
    problem = json.loads(fakes.store.objects["problems/message-0.json"])
    assert (problem["status"], problem["detail"]) == (422, "The message is not a valid File.")
    assert problem["errors"][0]["message"].startswith(expected), problem
    assert fakes.store.objects.keys() >= {"receipts/b.json"}


def test_problem_has_every_fault_and_no_query(fakes: HandlerFakes) -> None:
    secret = "https://a.example/1?X-Amz-Signature=secret"
    call(sqs_event(json.dumps({"fileUrl": 7, "baseUrls": [{"url": 1}], "id": secret, f"File_url {secret}": secret})))
    stored = fakes.store.objects["problems/message-0.json"]
    paths = {error["path"] for error in json.loads(stored)["errors"]}
    assert paths >= {"fileUrl", "baseUrls[0].url", "id"}
    assert b"secret" not in stored


@pytest.mark.parametrize("failure", [StoreFailed(), StoreDenied()])
def test_message_that_is_no_file_comes_again_when_its_problem_cannot_be_stored(
    fakes: HandlerFakes, failure: Exception
) -> None:
    fakes.store.failures["problems/"] = failure
    assert call(sqs_event("no File", body("b", "1"))) == {"message-0"}
    assert fakes.store.objects.keys() >= {"receipts/b.json"}


def test_response_comes_in_time_when_a_problem_is_not_stored(fakes: HandlerFakes) -> None:
    fakes.store.delay = 60
    assert call(sqs_event("no File"), seconds=0.5) == {"message-0"}


def test_sample_event_has_two_files_and_a_message_that_is_none(fakes: HandlerFakes) -> None:
    event = json.loads((ROOT / "tests" / "events" / "queue-messages.json").read_text())
    last = event["Records"][-1]["messageId"]
    assert call(event) == {last}
    keys = {"receipts/message-stored.json", "receipts/message-partly.json", f"problems/{last}.json"}
    assert set(fakes.store.objects) == keys

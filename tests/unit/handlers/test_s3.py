"""The S3 door: classic events, as S3 sends them, encoded keys and several records among them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.handlers.s3 import Unfinished, handler
from intake.model.errors import ConnectFailed, StoreDenied
from support.handler_fakes import IMAGES, House, house
from support.lambda_context import Context
from support.lambda_events import INBOX, s3_record
from support.sample_images import picture

URL = "https://a.example/1"


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    with house(monkeypatch) as built:
        built.fetch.results = {URL: picture(4, 3, 1)}
        yield built


def call(*records: dict[str, Any]) -> None:
    handler({"Records": list(records)}, Context(60.0))


def manifest(file_id: str) -> bytes:
    return json.dumps({"id": file_id, "urls": [URL]}).encode()


def receipts(behind: House) -> set[str]:
    return {key for key in behind.store.objects if key.startswith("receipts/")}


def test_every_record_of_an_event_is_taken_in(behind: House) -> None:
    behind.inbox.objects = {"inbox/a.json": manifest("a"), "inbox/b.jsonl": manifest("b") + b"\n" + manifest("c")}
    call(s3_record("inbox/a.json"), s3_record("inbox/b.jsonl"))
    assert receipts(behind) == {"receipts/a.json", "receipts/b.json", "receipts/c.json"}


@pytest.mark.parametrize(
    ("key", "encoded"),
    [
        ("inbox/a b.json", "inbox/a+b.json"),
        ("inbox/a+b.json", "inbox/a%2Bb.json"),
        ("inbox/é&ü.json", "inbox/%C3%A9%26%C3%BC.json"),
        ("inbox/100%.json", "inbox/100%25.json"),
    ],
)
def test_keys_come_encoded_and_are_decoded_once(behind: House, key: str, encoded: str) -> None:
    behind.inbox.objects = {key: manifest("a")}
    call(s3_record(encoded))
    assert receipts(behind) == {"receipts/a.json"}


def test_what_may_succeed_later_is_handed_back_after_the_receipt_is_written(behind: House) -> None:
    behind.fetch.results = {URL: ConnectFailed()}
    behind.inbox.objects = {"inbox/a.json": manifest("a"), "inbox/b.json": manifest("b")}
    with pytest.raises(Unfinished, match="2 Files"):
        call(s3_record("inbox/a.json"), s3_record("inbox/b.json"))
    assert receipts(behind) == {"receipts/a.json", "receipts/b.json"}


def test_a_manifest_that_cannot_be_read_is_handed_back_and_the_others_of_the_event_are_taken_in(
    behind: House,
) -> None:
    behind.inbox.objects = {"inbox/a.json": b"no File", "inbox/b.json": manifest("b")}
    behind.store.failures["receipts/a.json"] = StoreDenied()
    with pytest.raises(Unfinished, match="1 Files"):
        call(s3_record("inbox/a.json"), s3_record("inbox/b.json"))
    assert receipts(behind) == {"receipts/b.json"}


def test_what_will_never_succeed_is_not_handed_back(behind: House) -> None:
    behind.inbox.objects = {"inbox/a.json": b'{"urls": ["https://a.example/gone"]}', "inbox/b.json": b"no File"}
    call(s3_record("inbox/a.json"), s3_record("inbox/b.json"))
    assert len(receipts(behind)) == 2


def test_the_same_event_again_changes_nothing(behind: House) -> None:
    behind.inbox.objects = {"inbox/a.json": manifest("a")}
    event = s3_record("inbox/a.json", at=datetime.now(UTC))
    call(event)
    writes = behind.store.writes.copy()
    call(event)
    assert (behind.store.writes, behind.fetch.requests.total()) == (writes, 1)


def test_an_event_that_comes_late_finds_the_work_of_a_later_one_done(behind: House) -> None:
    behind.inbox.objects = {"inbox/a.json": manifest("a")}
    call(s3_record("inbox/a.json"))
    call(s3_record("inbox/a.json", at=datetime(2026, 1, 1, tzinfo=UTC)))
    assert behind.fetch.requests.total() == 1


@pytest.mark.parametrize(
    "stray", [s3_record("inbox/a.json", bucket=IMAGES), s3_record("inbox/a.csv"), s3_record("elsewhere/a.json")]
)
def test_what_is_no_manifest_of_the_inbox_is_left_alone(behind: House, stray: dict[str, Any]) -> None:
    behind.inbox.objects = {"inbox/a.json": manifest("a"), "inbox/a.csv": b"url", "elsewhere/a.json": manifest("a")}
    call(stray)
    assert not behind.store.objects


def test_the_event_that_s3_sends_to_try_the_way_is_nothing(behind: House) -> None:
    handler({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": INBOX}, Context(60.0))
    assert not behind.store.objects

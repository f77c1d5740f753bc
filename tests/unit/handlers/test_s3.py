"""The S3 handler on fakes: classic S3 events, with encoded keys and several records."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.handlers.s3 import Unfinished, handler
from intake.model.error_codes import ConnectFailed, StoreDenied
from intake.model.file import File, InvalidFile
from support.handler_fakes import IMAGES, HandlerFakes, install_fakes
from support.lambda_context import Context
from support.lambda_events import INBOX, s3_record
from support.sample_images import picture

URL = "https://a.example/1"


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[HandlerFakes]:
    with install_fakes(monkeypatch) as installed:
        installed.downloader.results = {URL: picture(4, 3, 1)}
        yield installed


def call(*records: dict[str, Any]) -> None:
    handler({"Records": list(records)}, Context(60.0))


def manifest(file_id: str) -> bytes:
    return json.dumps({"id": file_id, "urls": [URL]}).encode()


def documents(fakes: HandlerFakes) -> set[str]:
    """Return the keys of all receipts and problems."""
    return {key for key in fakes.store.objects if key.startswith(("receipts/", "problems/"))}


def test_handler_ingests_every_record_of_an_event(fakes: HandlerFakes) -> None:
    fakes.inbox.objects = {"inbox/a.json": manifest("a"), "inbox/b.jsonl": manifest("b") + b"\n" + manifest("c")}
    call(s3_record("inbox/a.json"), s3_record("inbox/b.jsonl"))
    assert documents(fakes) == {"receipts/a.json", "receipts/b.json", "receipts/c.json"}


def test_receipts_of_a_manifest_have_the_notes_of_its_lines(fakes: HandlerFakes) -> None:
    """Both lines have the same images, so the second takes over the outcomes of the first."""
    lines = [{"id": "a", "urls": [URL], "note": {"row": row}} for row in (1, 2)]
    fakes.inbox.objects = {f"inbox/{row}.json": json.dumps(line).encode() for row, line in enumerate(lines)}
    call(*map(s3_record, fakes.inbox.objects))
    assert json.loads(fakes.store.objects["receipts/a.json"])["note"] == {"row": 2}
    assert fakes.downloader.requests == {URL: 1}


@pytest.mark.parametrize(
    ("key", "encoded"),
    [
        ("inbox/a b.json", "inbox/a+b.json"),
        ("inbox/a+b.json", "inbox/a%2Bb.json"),
        ("inbox/é&ü.json", "inbox/%C3%A9%26%C3%BC.json"),
        ("inbox/100%.json", "inbox/100%25.json"),
    ],
)
def test_handler_decodes_keys_once(fakes: HandlerFakes, key: str, encoded: str) -> None:
    fakes.inbox.objects = {key: manifest("a")}
    call(s3_record(encoded))
    assert documents(fakes) == {"receipts/a.json"}


def test_handler_raises_after_storing_receipts_when_files_may_succeed_later(fakes: HandlerFakes) -> None:
    fakes.downloader.results = {URL: ConnectFailed()}
    fakes.inbox.objects = {"inbox/a.json": manifest("a"), "inbox/b.json": manifest("b")}
    with pytest.raises(Unfinished, match="2 Files"):
        call(s3_record("inbox/a.json"), s3_record("inbox/b.json"))
    assert documents(fakes) == {"receipts/a.json", "receipts/b.json"}


def test_handler_ingests_the_other_manifests_when_one_raises(fakes: HandlerFakes) -> None:
    fakes.inbox.objects = {"inbox/a.json": b"no File", "inbox/b.json": manifest("b")}
    fakes.store.failures["problems/a.json"] = StoreDenied()
    with pytest.raises(Unfinished, match="1 Files"):
        call(s3_record("inbox/a.json"), s3_record("inbox/b.json"))
    assert documents(fakes) == {"receipts/b.json"}


def test_handler_does_not_raise_when_everything_is_final(fakes: HandlerFakes) -> None:
    fakes.inbox.objects = {"inbox/a.json": b'{"urls": ["https://a.example/gone"]}', "inbox/b.json": b"no File"}
    call(s3_record("inbox/a.json"), s3_record("inbox/b.json"))
    digest = File.parse({"urls": ["https://a.example/gone"]}).id
    assert documents(fakes) == {f"receipts/{digest}.json", "problems/b.json"}


def test_handler_changes_nothing_when_an_event_is_repeated(fakes: HandlerFakes) -> None:
    fakes.inbox.objects = {"inbox/a.json": manifest("a")}
    event = s3_record("inbox/a.json", at=datetime.now(UTC))
    call(event)
    writes = fakes.store.writes.copy()
    call(event)
    assert (fakes.store.writes, fakes.downloader.requests.total()) == (writes, 1)


def test_handler_fetches_nothing_when_a_late_event_follows_a_newer_one(fakes: HandlerFakes) -> None:
    fakes.inbox.objects = {"inbox/a.json": manifest("a")}
    call(s3_record("inbox/a.json"))
    call(s3_record("inbox/a.json", at=datetime(2026, 1, 1, tzinfo=UTC)))
    assert fakes.downloader.requests.total() == 1


@pytest.mark.parametrize(
    "stray", [s3_record("inbox/a.json", bucket=IMAGES), s3_record("inbox/a.csv"), s3_record("elsewhere/a.json")]
)
def test_handler_skips_a_record_when_it_is_not_a_manifest_of_the_inbox(
    fakes: HandlerFakes, stray: dict[str, Any]
) -> None:
    fakes.inbox.objects = {"inbox/a.json": manifest("a"), "inbox/a.csv": b"url", "elsewhere/a.json": manifest("a")}
    call(stray)
    assert not fakes.store.objects


def test_handler_accepts_the_test_event_of_s3(fakes: HandlerFakes) -> None:
    handler({"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": INBOX}, Context(60.0))
    assert not fakes.store.objects


@pytest.mark.parametrize(
    ("path", "members"),
    [
        ("s3", {}),
        ("s3", {"bucket": {"name": INBOX}}),
        ("s3", {"bucket": INBOX, "object": {"key": "inbox/a.json"}}),
        ("s3", {"bucket": {"name": INBOX}, "object": {"key": None}}),
        ("eventTime", None),
        ("eventTime", "yesterday"),
        ("eventTime", 1795953600),
    ],
)
def test_handler_refuses_an_event_when_a_record_lacks_what_s3_says(
    fakes: HandlerFakes, path: str, members: object
) -> None:
    """As in an event that was made by hand."""
    fakes.inbox.objects = {"inbox/a.json": manifest("a")}
    with pytest.raises(
        InvalidFile, match=r"^Records\[1\]: must be a record of S3, with eventTime, s3\.bucket\.name and"
    ):
        call(s3_record("inbox/a.json"), s3_record("inbox/a.json") | {path: members})
    assert not documents(fakes)

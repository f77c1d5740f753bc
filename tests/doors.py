"""The doors on fakes: handlers are called as Lambda calls them, with the ports behind them in memory."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from fakes import FakeFetch, FakeInbox, FakeStore, RecordingReport
from intake import app
from intake.config import Config
from intake.model.limits import Limits
from intake.ingest.manifest_service import Manifests
from intake.ingest.service import Intake

IMAGES, INBOX = "the-images", "the-inbox"


@dataclass
class House:
    """What stands behind the doors."""

    fetch: FakeFetch = field(default_factory=FakeFetch)
    store: FakeStore = field(default_factory=FakeStore)
    inbox: FakeInbox = field(default_factory=FakeInbox)
    report: RecordingReport = field(default_factory=RecordingReport)


@contextmanager
def house(
    monkeypatch: pytest.MonkeyPatch, *, limits: Limits | None = None, inbox_bucket: str = INBOX
) -> Generator[House]:
    """Put the runtime on fakes."""
    config = Config(image_bucket=IMAGES, inbox_bucket=inbox_bucket, limits=limits or Limits())
    built = House()
    intake = Intake(built.fetch, built.store, built.report, config.limits, IMAGES)
    manifests = Manifests(built.inbox, built.store, intake, config.limits)
    with asyncio.Runner() as runner:
        monkeypatch.setattr(runtime, "_runner", runner)
        monkeypatch.setattr(runtime, "config", lambda: config)
        monkeypatch.setattr(runtime, "intake", lambda: intake)
        monkeypatch.setattr(runtime, "manifests", lambda: manifests)
        monkeypatch.setattr(runtime, "store", lambda: built.store)
        monkeypatch.setattr(runtime, "inbox", lambda: built.inbox)
        yield built

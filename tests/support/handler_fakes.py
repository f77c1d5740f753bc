"""The doors on fakes: handlers are called as Lambda calls them, with the ports behind them in memory."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from intake import app
from intake.config import Config
from intake.ingest.manifest_service import ManifestService
from intake.ingest.service import IngestService
from intake.model.limits import Limits
from support.fakes import FakeDownloader, FakeInbox, FakeStore, RecordingObserver
from support.lambda_events import INBOX

IMAGES = "the-images"


@dataclass
class House:
    """What stands behind the doors."""

    fetch: FakeDownloader = field(default_factory=FakeDownloader)
    store: FakeStore = field(default_factory=FakeStore)
    inbox: FakeInbox = field(default_factory=FakeInbox)
    report: RecordingObserver = field(default_factory=RecordingObserver)


@contextmanager
def house(
    monkeypatch: pytest.MonkeyPatch, *, limits: Limits | None = None, inbox_bucket: str = INBOX
) -> Generator[House]:
    """Put the runtime on fakes."""
    config = Config(image_bucket=IMAGES, inbox_bucket=inbox_bucket, limits=limits or Limits())
    built = House()
    intake = IngestService(built.fetch, built.store, built.report, config.limits, IMAGES)
    manifests = ManifestService(built.inbox, built.store, intake, config.limits)
    with asyncio.Runner() as runner:
        monkeypatch.setattr(app, "_runner", runner)
        monkeypatch.setattr(app, "config", lambda: config)
        monkeypatch.setattr(app, "ingest_service", lambda: intake)
        monkeypatch.setattr(app, "manifest_service", lambda: manifests)
        monkeypatch.setattr(app, "store", lambda: built.store)
        monkeypatch.setattr(app, "inbox", lambda: built.inbox)
        yield built

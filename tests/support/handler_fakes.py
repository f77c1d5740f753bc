"""Handlers on fakes: a test calls a handler as Lambda does, and the ports behind it are in memory."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from intake import app
from intake.ingest.file_service import IngestService
from intake.ingest.manifest_service import ManifestService
from intake.model.limits import Limits
from intake.settings.config import Config
from support.fake_inbox import FakeInbox
from support.fake_ports import FakeDownloader, FakeStore, RecordingObserver
from support.lambda_events import INBOX

IMAGES = "the-images"


@dataclass
class HandlerFakes:
    """The fake of each port that the handlers use."""

    downloader: FakeDownloader = field(default_factory=FakeDownloader)
    store: FakeStore = field(default_factory=FakeStore)
    inbox: FakeInbox = field(default_factory=FakeInbox)
    observer: RecordingObserver = field(default_factory=RecordingObserver)


@contextmanager
def install_fakes(
    monkeypatch: pytest.MonkeyPatch, *, limits: Limits | None = None, inbox_bucket: str = INBOX
) -> Generator[HandlerFakes]:
    """Build the service on fakes, and let `app` return it."""
    config = Config(image_bucket=IMAGES, inbox_bucket=inbox_bucket, limits=limits or Limits())
    fakes = HandlerFakes()
    service = IngestService(fakes.downloader, fakes.store, fakes.observer, config.limits, IMAGES)
    manifests = ManifestService(fakes.inbox, fakes.store, service, config.limits)
    with asyncio.Runner() as runner:
        monkeypatch.setattr(app, "_runner", runner)
        monkeypatch.setattr(app, "config", lambda: config)
        monkeypatch.setattr(app, "ingest_service", lambda: service)
        monkeypatch.setattr(app, "manifest_service", lambda: manifests)
        monkeypatch.setattr(app, "store", lambda: fakes.store)
        monkeypatch.setattr(app, "inbox", lambda: fakes.inbox)
        yield fakes

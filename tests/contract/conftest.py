"""Shared by the contract tests: log lines and metrics, handlers whose ports are fakes, examples of docs/calling.md."""

import importlib
import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from intake import app, telemetry
from intake.ingest.ports import DocumentFault
from intake.model.error_codes import NotFound
from intake.model.limits import Limits
from support.alarms_and_dashboard import FILE, OUTCOMES, RECEIPT, Metric
from support.calling_page import write_files
from support.handler_fakes import HandlerFakes, install_fakes
from support.state_machine_lab import IMAGE, SITE, FakeBulkResults


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """The log."""
    telemetry.logger.remove_keys(["request_id"])
    stream = io.StringIO()
    monkeypatch.setattr(telemetry.logger.registered_handler, "stream", stream)
    return stream


@pytest.fixture
def emitted(capsys: pytest.CaptureFixture[str], lines: io.StringIO) -> dict[Metric, str]:
    """The metrics that the service emits for a File, with their units."""
    telemetry.flush_metrics()  # of another test
    capsys.readouterr()
    telemetry.Telemetry().known_document_unread(DocumentFault.MISSING, "")
    telemetry.Telemetry().images_done(FILE, OUTCOMES)
    telemetry.Telemetry().file_done(RECEIPT, None)
    telemetry.flush_metrics()
    assert lines.getvalue()
    found = {}
    for line in capsys.readouterr().out.splitlines():
        for directive in json.loads(line)["_aws"]["CloudWatchMetrics"]:
            for metric in directive["Metrics"]:
                for dimensions in directive["Dimensions"]:
                    found[directive["Namespace"], metric["Name"], frozenset(dimensions)] = metric["Unit"]
    return found


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[HandlerFakes]:
    with install_fakes(monkeypatch, limits=Limits(deadline_margin=0.1)) as fakes:
        monkeypatch.setattr(app, "bulk_results", lambda: FakeBulkResults(fakes.store))
        fakes.downloader.results = {SITE + str(number): IMAGE for number in range(2000)} | {SITE + "gone": NotFound()}
        yield fakes


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Import a file of the page; what it imported is forgotten afterwards."""
    write_files(tmp_path, "python")
    monkeypatch.syspath_prepend(str(tmp_path))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_DEFAULT_REGION"):  # boto3 looks nowhere else
        monkeypatch.setenv(name, "eu-central-1")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it would keep these credentials for other tests
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]

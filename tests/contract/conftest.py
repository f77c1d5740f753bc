"""Shared by the contract tests: captured log lines and metrics, and handlers whose ports are fakes."""

import io
import json
from collections.abc import Iterator

import pytest

from intake import app, telemetry
from intake.ingest.ports import DocumentFault
from intake.model.error_codes import NotFound
from intake.model.limits import Limits
from support.alarms_and_dashboard import FILE, OUTCOMES, RECEIPT, Metric
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

"""What is logged and counted, caught."""

import io
import json

import pytest

from contract.watched import OUTCOMES, RECEIPT, Metric
from intake import telemetry


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is logged."""
    telemetry.logger.remove_keys(["request_id"])
    written = io.StringIO()
    monkeypatch.setattr(telemetry.logger.registered_handler, "stream", written)
    return written


@pytest.fixture
def emitted(capsys: pytest.CaptureFixture[str], lines: io.StringIO) -> dict[Metric, str]:
    """The metrics that a File puts out, with their units."""
    telemetry.Telemetry().file(RECEIPT, OUTCOMES, None)
    assert lines.getvalue()
    found = {}
    for line in capsys.readouterr().out.splitlines():
        for directive in json.loads(line)["_aws"]["CloudWatchMetrics"]:
            for metric in directive["Metrics"]:
                for dimensions in directive["Dimensions"]:
                    found[directive["Namespace"], metric["Name"], frozenset(dimensions)] = metric["Unit"]
    return found

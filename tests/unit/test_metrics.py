"""`Metrics`: lines in the embedded metric format, within its limits."""

import json
from typing import Any

import pytest

from intake.metrics import Metrics


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("Space", {"Count": "Count", "Time": "Milliseconds"}, service="s")


def written(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_flush_writes_a_line_of_the_format_for_each_set_of_dimensions(
    metrics: Metrics, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics.add("Count", 1)
    metrics.add("Count", 2, code="x")
    metrics.add("Time", 3, 4)
    metrics.add("Count", 5)
    metrics.flush()

    first, second = written(capsys)

    assert first.pop("_aws")["CloudWatchMetrics"] == [
        {
            "Namespace": "Space",
            "Dimensions": [["service"]],
            "Metrics": [{"Name": "Count", "Unit": "Count"}, {"Name": "Time", "Unit": "Milliseconds"}],
        }
    ]
    assert first == {"service": "s", "Count": [1, 5], "Time": [3, 4]}
    assert second.pop("_aws")["CloudWatchMetrics"][0]["Dimensions"] == [["service", "code"]]
    assert second == {"service": "s", "code": "x", "Count": [2]}


def test_flush_writes_nothing_without_values_and_nothing_twice(
    metrics: Metrics, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics.add("Time")
    metrics.flush()
    metrics.add("Count", 0)
    metrics.flush()
    metrics.flush()
    assert [line["Count"] for line in written(capsys)] == [[0]]


@pytest.mark.parametrize(("expected", "number"), [([99], 99), ([100], 100), ([100, 1], 101), ([100, 100, 50], 250)])
def test_line_has_at_most_100_values_of_a_metric(
    expected: list[int], number: int, metrics: Metrics, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics.add("Count", 1)
    metrics.add("Time", *range(number))
    metrics.flush()
    lines = written(capsys)
    assert [len(line["Time"]) for line in lines] == expected
    assert [value for line in lines for value in line["Time"]] == list(range(number))
    assert ["Count" in line for line in lines] == [True, *[False] * (len(expected) - 1)]


def test_everything_is_written_as_soon_as_a_metric_has_100_values(
    metrics: Metrics, capsys: pytest.CaptureFixture[str]
) -> None:
    metrics.add("Count", 1, code="x")
    for value in range(250):
        metrics.add("Time", value)
    lines = written(capsys)
    assert [len(line.get("Time", [])) for line in lines] == [0, 100, 100]
    assert lines[0]["Count"] == [1]


def test_metric_without_a_unit_is_refused(metrics: Metrics) -> None:
    metrics.add("Unknown", 1)
    with pytest.raises(KeyError, match="Unknown"):
        metrics.flush()

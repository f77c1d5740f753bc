"""The metrics of the dashboard and the alarms in infra/observability.yaml, and a File with every kind of outcome."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from infra.build.template_file import ROOT, load

from intake.model.error_codes import InternalError, NotFound
from intake.model.file import File
from intake.model.image_info import ImageInfo, ImageWarning
from intake.model.outcome import Failed, FetchStats, Outcome, Stored
from intake.model.receipt import Receipt
from intake.model.url import Url

TEXT = (ROOT / "infra" / "observability.yaml").read_text()
TEMPLATE = load(ROOT / "infra" / "observability.yaml")
PARAMETERS: dict[str, dict[str, Any]] = TEMPLATE["Parameters"]
ALARMS: dict[str, dict[str, Any]] = {
    name: resource["Properties"]
    for name, resource in TEMPLATE["Resources"].items()
    if resource["Type"] == "AWS::CloudWatch::Alarm"
}
PAGE = (ROOT / "docs" / "operations.md").read_text()
COST = (ROOT / "docs" / "cost.md").read_text()
NAMESPACE = "ImageIntake"

# Metrics that AWS documents in its user guides, with their dimensions.
AWS_METRICS = {
    "AWS/Lambda": ({"Errors", "Throttles", "Duration", "ConcurrentExecutions"}, {"FunctionName"}),
    "AWS/ApiGateway": ({"Count", "4XXError", "5XXError", "Latency"}, {"ApiName", "Stage"}),
    "AWS/SQS": ({"ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage"}, {"QueueName"}),
    "AWS/States": ({f"Executions{end}" for end in ("Started", "Succeeded", "Failed", "Aborted", "TimedOut")},
                   {"StateMachineArn"}),
}  # fmt: skip

type Metric = tuple[str, str, frozenset[str]]

URL = "https://a.example/1.jpg"
FILE = File.parse({"id": "lot-7", "urls": [URL, URL + "?2", URL + "?3"]})
OUTCOMES: tuple[Outcome, ...] = (
    Stored(ImageInfo("jpeg", 4, 3, 1, "image/jpeg", "jpg"), "images/a.jpg", "abc", 700, Url.parse(URL), reused=False,
           stats=FetchStats(1, 2, 3), warnings=(ImageWarning.TRAILING_DATA,)),
    Failed(NotFound(), FetchStats(1, 7, 0)),
    Failed(InternalError(reason="a bug"), FetchStats(1, 1, 1)),
)  # fmt: skip
RECEIPT = Receipt.of(FILE, OUTCOMES, bucket="b", created_at=datetime(2026, 11, 22, tzinfo=UTC), elapsed_ms=9)


def substitute(text: str) -> str:
    """Replace the placeholders of Fn::Sub with values; `${!x}` becomes `${x}`."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name in PARAMETERS:
            return "29" if PARAMETERS[name]["Type"] == "Number" else f"of-{name}"
        assert name == "AWS::Region" or name.removesuffix(".Arn") in ALARMS, name
        return f"value-of-{name}"

    return re.sub(r"\$\{!", "${", re.sub(r"\$\{([^!}][^}]*)\}", value, text))


def widgets(*, with_alarms: bool = True) -> list[dict[str, Any]]:
    body, variables = TEMPLATE["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    condition, alarms, text = variables["AlarmWidget"]["Fn::If"]
    assert condition == "MakesAlarms"
    body = body.replace("${AlarmWidget}", alarms["Fn::Sub"] if with_alarms else text)
    found: list[dict[str, Any]] = json.loads(substitute(body))["widgets"]
    return found


def dashboard_metrics() -> Iterator[Metric]:
    for widget in widgets():
        for row in widget["properties"].get("metrics", []):
            options = row[-1] if isinstance(row[-1], dict) else {}
            if search := re.search(r"\{(\w+),([\w,]+)\} MetricName=\"(\w+)\"", options.get("expression", "")):
                yield search[1], search[3], frozenset(search[2].split(","))
            elif "expression" not in options:
                namespace, name, *dimensions = [cell for cell in row if isinstance(cell, str)]
                yield namespace, name, frozenset(dimensions[::2])


def metrics_of(alarm: dict[str, Any]) -> list[dict[str, Any]]:
    if "MetricName" in alarm:
        return [alarm]
    return [query["MetricStat"]["Metric"] for query in alarm["Metrics"] if "MetricStat" in query]


def alarm_metrics() -> Iterator[Metric]:
    for alarm in ALARMS.values():
        for metric in metrics_of(alarm):
            dimensions = frozenset(dimension["Name"] for dimension in metric["Dimensions"])
            yield metric["Namespace"], metric["MetricName"], dimensions

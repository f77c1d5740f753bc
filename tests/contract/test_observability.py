"""The dashboard and the alarms watch what is really put out, and the docs say what is so: alarms, logs, cost."""

import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from infra.template import ROOT, functions, load

from bench import cost
from doors import INBOX, house
from intake import runtime, telemetry
from intake.domain.errors import LEAVES, InternalError, NotFound, StoreFailed
from intake.domain.file import File
from intake.domain.image import Image
from intake.domain.receipt import Effort, Failed, Outcome, Receipt, Stored
from intake.domain.url import Url
from intake.handlers import bulk, http, s3, summary
from lambda_context import Context
from samples import picture

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

# Amazon's own metrics as its user guides name them, with the dimensions that they are looked up by.
OF_AWS = {
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
    Stored(Image("jpeg", 4, 3, 1), "images/a.jpg", "abc", 700, Url.parse(URL), reused=False, effort=Effort(1, 2, 3)),
    Failed(NotFound(), Effort(1, 7, 0)),
    Failed(InternalError(reason="a bug"), Effort(1, 1, 1)),
)  # fmt: skip
RECEIPT = Receipt.of(FILE, OUTCOMES, bucket="b", created_at=datetime(2026, 11, 22, tzinfo=UTC), elapsed_ms=9)


# What the dashboard and the alarms use


def filled(text: str) -> str:
    """Fn::Sub: parameters, attributes and pseudo parameters get a value; `${!x}` becomes `${x}`."""

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name in PARAMETERS:
            return "29" if PARAMETERS[name]["Type"] == "Number" else f"of-{name}"
        assert name == "AWS::Region" or name.removesuffix(".Arn") in ALARMS, name
        return f"value-of-{name}"

    return re.sub(r"\$\{!", "${", re.sub(r"\$\{([^!}][^}]*)\}", value, text))


def widgets() -> list[dict[str, Any]]:
    body = TEMPLATE["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    found: list[dict[str, Any]] = json.loads(filled(body))["widgets"]
    return found


def on_the_dashboard() -> Iterator[Metric]:
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


def in_alarms() -> Iterator[Metric]:
    for alarm in ALARMS.values():
        for metric in metrics_of(alarm):
            dimensions = frozenset(dimension["Name"] for dimension in metric["Dimensions"])
            yield metric["Namespace"], metric["MetricName"], dimensions


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


def test_what_is_watched_of_ours_is_put_out_with_the_same_dimensions(emitted: dict[Metric, str]) -> None:
    watched = {metric for metric in (*on_the_dashboard(), *in_alarms()) if metric[0] == NAMESPACE}
    assert watched
    assert watched - emitted.keys() == set()


def test_every_metric_of_ours_is_on_the_dashboard(emitted: dict[Metric, str]) -> None:
    assert emitted.keys() - set(on_the_dashboard()) == set()


def test_what_is_watched_of_aws_is_what_its_guides_name() -> None:
    for namespace, name, dimensions in {*on_the_dashboard(), *in_alarms()}:
        if namespace != NAMESPACE:
            names, wanted = OF_AWS[namespace]
            assert name in names
            assert dimensions == wanted


def test_values_of_dimensions_are_those_that_the_service_gives() -> None:
    values = [
        (dimension["Name"], dimension["Value"])
        for alarm in ALARMS.values()
        for metric in metrics_of(alarm)
        if metric["Namespace"] == NAMESPACE
        for dimension in metric["Dimensions"]
    ]
    assert [value for name, value in values if name == "service"] == [{"Ref": "ServiceName"}] * 5
    assert {value for name, value in values if name == "code"} == {"deadline_exceeded", "internal_error"}
    assert {"deadline_exceeded", "internal_error"} <= {leaf.code for leaf in LEAVES}


def test_an_expression_on_the_dashboard_names_only_metrics_of_its_widget() -> None:
    for widget in widgets():
        options = [row[-1] for row in widget["properties"].get("metrics", []) if isinstance(row[-1], dict)]
        ids = [each["id"] for each in options if "id" in each]
        assert len(ids) == len(set(ids))
        assert all(re.fullmatch(r"[a-z]\w*", each) for each in ids)
        for each in options:
            if not each.get("expression", "SEARCH").startswith("SEARCH"):
                assert set(re.findall(r"[a-zA-Z]\w*", each["expression"])) <= set(ids) - {each["id"]}


def test_widgets_lie_beside_each_other_within_24_columns() -> None:
    taken: set[tuple[int, int]] = set()
    for widget in widgets():
        fields = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert taken.isdisjoint(fields), widget["properties"]["title"]
        assert widget["x"] + widget["width"] <= 24
        taken |= fields


def test_every_alarm_is_on_the_dashboard() -> None:
    [shown] = [widget["properties"]["alarms"] for widget in widgets() if widget["type"] == "alarm"]
    assert shown == [f"value-of-{name}.Arn" for name in ALARMS]


def test_the_maps_of_the_dashboard_are_those_of_the_bulk_machine() -> None:
    machine = yaml.safe_load((ROOT / "infra" / "bulk.asl.yaml").read_text())
    labels = {state["Label"] for state in machine["States"].values() if state["Type"] == "Map"}
    assert set(re.findall(r"\$\{StateMachineArn\}/(\w+)", TEXT)) == labels


def test_every_alarm_tells_the_topic_and_knows_what_silence_means() -> None:
    topic = {"Fn::If": ["TellsSomeone", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    for name, alarm in ALARMS.items():
        assert (alarm["AlarmActions"], alarm["OKActions"]) == (topic, topic)
        silent = "ignore" if name == "FailureQueueNotEmpty" else "notBreaching"
        assert alarm["TreatMissingData"] == silent


def test_an_expression_names_only_what_is_there_and_returns_one_series() -> None:
    for alarm in ALARMS.values():
        queries = alarm.get("Metrics", [])
        returned = [query for query in queries if query.get("ReturnData", True)]
        assert len(returned) == bool(queries)
        for query in returned:
            expression = query["Expression"]
            text = filled(expression["Fn::Sub"] if isinstance(expression, dict) else expression)
            assert set(re.findall(r"\b[a-z]\w*", text)) == {each["Id"] for each in queries if each is not query}


def test_every_parameter_and_output_is_described_and_every_parameter_used_and_grouped() -> None:
    for name, described in {**PARAMETERS, **TEMPLATE["Outputs"]}.items():
        assert described["Description"].endswith("."), name
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(PARAMETERS) == sorted(name for group in groups for name in group["Parameters"])
    for name in PARAMETERS:
        assert re.search(rf"\$\{{{name}\}}|!Ref {name}\b", TEXT), name


def test_it_is_at_home_in_every_region_and_partition() -> None:
    assert re.findall(r"arn:aws|amazonaws|[a-z]{2}-[a-z]+-[0-9]\b", TEXT) == []


def test_the_template_hands_over_every_parameter_and_the_timeouts_of_its_functions() -> None:
    template = load()
    stacks = [item for item in template["Resources"].values() if item["Type"] == "AWS::CloudFormation::Stack"]
    for stack in stacks:
        given = stack["Properties"]["Parameters"]
        variables = template["Globals"]["Function"]["Environment"]["Variables"]
        assert given.keys() == PARAMETERS.keys()
        assert given["ServiceName"] == variables["POWERTOOLS_SERVICE_NAME"]
        for name, properties in functions(template).items():
            assert given[f"{name}Timeout"] == properties["Timeout"]
            assert given[f"{name}Name"] == {"Ref": name}


# What the page on operations says


def rows(page: str, heading: str) -> dict[str, list[str]]:
    """The tables of a section, row by row, by what stands in backquotes in the first cell."""
    section = page.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:3] == "| `"
    ]
    return {first.strip("`"): rest for first, *rest in cells}


def test_every_alarm_stands_in_the_docs_with_the_section_that_it_names_and_no_other_does() -> None:
    documented = {name: cells[-1] for name, cells in rows(PAGE, "Alarms").items()}
    assert documented.keys() == ALARMS.keys()
    sections = re.findall(r"^### (.*)", PAGE, re.MULTILINE)
    anchors = {title.lower().replace(" ", "-") for title in sections}
    for name, alarm in ALARMS.items():
        anchor = re.search(r"See docs/operations\.md#([a-z-]+)$", alarm["AlarmDescription"])
        assert anchor is not None
        assert anchor[1] in anchors
        assert documented[name].endswith(f"(#{anchor[1]})")
    assert anchors == {re.sub(r".*#|\)", "", link) for link in documented.values()}


@pytest.mark.parametrize("word", ["Means:", "Look:", "Do:"])
def test_every_section_says_what_it_means_how_to_look_and_what_to_do(word: str) -> None:
    for section in re.findall(r"^### .*\n((?:(?!##).*\n)*)", PAGE, re.MULTILINE):
        assert re.search(rf"^{word}\s", section, re.MULTILINE), section


def test_every_metric_stands_in_the_docs_with_its_unit_and_no_other_does(emitted: dict[Metric, str]) -> None:
    documented = {name: cells[0] for name, cells in rows(PAGE, "Metrics").items()}
    assert documented == {name: unit for (_, name, _), unit in emitted.items()}


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What is logged."""
    telemetry.logger.remove_keys(["request_id"])
    written = io.StringIO()
    monkeypatch.setattr(telemetry.logger.registered_handler, "stream", written)
    return written


def say_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every line logged that there is."""
    context = Context(60.0)
    with house(monkeypatch) as behind:
        behind.fetch.answers = {URL: picture(4, 3, 1)}
        behind.inbox.objects = {"inbox/a.json": json.dumps({"urls": [URL]}).encode()}
        for key in ("inbox/a.json", "elsewhere/a.json"):
            record = {"eventTime": "2026-11-22T12:00:00.000Z",
                      "s3": {"bucket": {"name": INBOX}, "object": {"key": key}}}  # fmt: skip
            s3.handler({"Records": [record]}, context)
        bulk.handler(
            {"Items": [{"url": URL}], "BatchInput": {"run": "r", "startedAt": "2026-11-22T12:00:00Z"}}, context
        )
        kept = SimpleNamespace(reports=lambda _: [], put_failed=lambda *_: False, put_summary=lambda _: None)
        monkeypatch.setattr(runtime, "runs", lambda: kept)
        summary.handler({"run": "r", "startedAt": "2026-11-22T12:00:00Z", "list": "s3://b/k"}, context)
        for error in (StoreFailed(reason="S3 answered 503"), ZeroDivisionError()):
            behind.store.failures = {"receipts/": error}
            http.handler({"httpMethod": "GET", "path": "/files/a", "headers": {}, "requestContext": {}}, context)
    telemetry.Telemetry().images(FILE, OUTCOMES)
    telemetry.Telemetry().file(RECEIPT, OUTCOMES, None)
    telemetry.Telemetry().file(RECEIPT, OUTCOMES, StoreFailed())


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch, lines: io.StringIO) -> dict[str, dict[str, set[str]]]:
    """The fields of every line that there is, by its message and its level."""
    say_everything(monkeypatch)
    found: dict[str, dict[str, set[str]]] = {}
    for line in map(json.loads, lines.getvalue().splitlines()):
        found.setdefault(line["message"], {})[line["level"]] = set(line)
    return found


GRAMMAR = {"fields", "filter", "parse", "stats", "sort", "limit", "by", "as", "asc", "desc", "like", "in", "and", "or"}
EVERY = {"level", "message", "timestamp", "service", "request_id"}


def test_every_log_line_stands_in_the_docs_with_its_level_and_fields(said: dict[str, dict[str, set[str]]]) -> None:
    documented = {message: cells for message, cells in rows(PAGE, "Log lines").items() if len(cells) == 2}
    assert documented.keys() == said.keys()
    names = {message: set(re.findall(r"`(\w+)`", cells[1])) for message, cells in documented.items()}
    names["image failed"] -= {"internal_error"}  # a code, not a field
    names["file done, receipt not stored"] = {"code", "reason"} | names["file done"]
    for message, (level, _) in documented.items():
        assert level in said[message]
        assert set.union(*said[message].values()) - EVERY == names[message], message
    assert set(said["image failed"]) == {"INFO", "ERROR"}


def test_every_log_field_stands_in_the_docs_and_no_other_does(said: dict[str, dict[str, set[str]]]) -> None:
    documented = {name for name, cells in rows(PAGE, "Log lines").items() if len(cells) == 1}
    assert documented == set.union(*(fields for levels in said.values() for fields in levels.values()))


def test_every_query_asks_for_fields_and_lines_that_there_are(said: dict[str, dict[str, set[str]]]) -> None:
    fields = set.union(*(found for levels in said.values() for found in levels.values()))
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    queries = [text for language, text in blocks if not language]
    assert len(queries) >= 8
    of_lambda = {"@timestamp", "record.status", "record.errorType", "errorType", "errorMessage"}
    for query in queries:
        own = set(re.findall(r"\w+", " ".join(re.findall(r"\bas ((?:\w+, )*\w+)", query))))
        bare = re.sub(r"\"[^\"]*\"|/(?:[^/\\]|\\.)*/|\b(?:count|pct|bin|ispresent)\(|\b\d\w*", " ", query)
        words = set(re.findall(r"[@a-zA-Z][\w.]*", bare))
        assert words - GRAMMAR - own - fields - of_lambda == set(), query
        assert set(re.findall(r"message = \"([^\"]*)\"", query)) <= said.keys()


# What the page on cost says


def test_the_cost_page_shows_what_the_script_prints() -> None:
    assert cost.tables() in COST


def test_the_cost_page_names_every_price_and_every_measured_input() -> None:
    named = set(re.findall(r"^\| `([A-Z0-9_]+)`", COST, re.MULTILINE))
    source = (ROOT / "tests" / "bench" / "cost.py").read_text()
    wanted = (
        source.split("# Prices", 1)[1].split("# What is stored")[0]
        + source.split("# Measured", 1)[1].split("# The shape")[0]
    )
    assert named == set(re.findall(r"^([A-Z0-9_]+) = ", wanted, re.MULTILINE))


def test_the_log_is_as_long_as_the_cost_page_says() -> None:
    assert cost.log_bytes() == pytest.approx((cost.IMAGE_LOG_BYTES, cost.FILE_LOG_BYTES), rel=0.02)


def test_the_cost_page_counts_the_metrics_and_alarms_that_there_are(emitted: dict[Metric, str]) -> None:
    whole = [metric for metric in emitted if "code" not in metric[2]]
    assert len(whole) + len(LEAVES) == cost.METRICS
    assert sum(len(metrics_of(alarm)) for alarm in ALARMS.values()) == cost.ALARM_METRICS

"""The dashboard and the alarms watch what is really put out."""

import re

import pytest
import yaml
from infra.template import ROOT, functions, load

from intake.model.errors import LEAVES
from support.monitoring import (
    ALARMS,
    AWS_METRICS,
    NAMESPACE,
    PARAMETERS,
    TEMPLATE,
    TEXT,
    Metric,
    alarm_metrics,
    dashboard_metrics,
    metrics_of,
    substitute,
    widgets,
)


def test_what_is_watched_of_ours_is_put_out_with_the_same_dimensions(emitted: dict[Metric, str]) -> None:
    watched = {metric for metric in (*dashboard_metrics(), *alarm_metrics()) if metric[0] == NAMESPACE}
    assert watched
    assert watched - emitted.keys() == set()


def test_every_metric_of_ours_is_on_the_dashboard(emitted: dict[Metric, str]) -> None:
    assert emitted.keys() - set(dashboard_metrics()) == set()


def test_what_is_watched_of_aws_is_what_its_guides_name() -> None:
    for namespace, name, dimensions in {*dashboard_metrics(), *alarm_metrics()}:
        if namespace != NAMESPACE:
            names, wanted = AWS_METRICS[namespace]
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


@pytest.mark.parametrize("metric", ["Errors", "Throttles", "Duration"])
def test_every_function_has_an_alarm_for_what_lambda_says_of_it(metric: str) -> None:
    watched = {
        name: watch["Dimensions"]
        for name, alarm in ALARMS.items()
        for watch in metrics_of(alarm)
        if watch["MetricName"] == metric
    }
    assert watched == {
        f"{name}{metric}": [{"Name": "FunctionName", "Value": {"Ref": f"{name}Name"}}] for name in functions(load())
    }


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
            text = substitute(expression["Fn::Sub"] if isinstance(expression, dict) else expression)
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

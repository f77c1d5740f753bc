"""The dashboard and the alarms in infra/observability.yaml use metrics that exist, and the template is consistent."""

import re

import pytest
import yaml
from infra.build.template_file import ROOT, list_functions, load

from intake.model.error_codes import LEAVES
from support.alarms_and_dashboard import (
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


def test_service_emits_every_metric_of_its_namespace_with_the_same_dimensions(emitted: dict[Metric, str]) -> None:
    used = {metric for metric in (*dashboard_metrics(), *alarm_metrics()) if metric[0] == NAMESPACE}
    assert used
    assert used - emitted.keys() == set()


def test_every_emitted_metric_is_on_the_dashboard(emitted: dict[Metric, str]) -> None:
    assert emitted.keys() - set(dashboard_metrics()) == set()


def test_aws_metrics_have_the_documented_names_and_dimensions() -> None:
    for namespace, name, dimensions in {*dashboard_metrics(), *alarm_metrics()}:
        if namespace != NAMESPACE:
            names, documented = AWS_METRICS[namespace]
            assert name in names
            assert dimensions == documented


def test_alarm_dimensions_have_values_that_the_service_emits() -> None:
    values = [
        (dimension["Name"], dimension["Value"])
        for alarm in ALARMS.values()
        for metric in metrics_of(alarm)
        if metric["Namespace"] == NAMESPACE
        for dimension in metric["Dimensions"]
    ]
    assert [value for name, value in values if name == "service"] == [{"Ref": "ServiceName"}] * 8
    assert {value for name, value in values if name == "code"} == {"deadline_exceeded", "internal_error"}
    assert {"deadline_exceeded", "internal_error"} <= {leaf.code for leaf in LEAVES}


def test_dashboard_expression_uses_metrics_of_its_widget_only() -> None:
    for widget in widgets():
        options = [row[-1] for row in widget["properties"].get("metrics", []) if isinstance(row[-1], dict)]
        ids = [each["id"] for each in options if "id" in each]
        assert len(ids) == len(set(ids))
        assert all(re.fullmatch(r"[a-z]\w*", each) for each in ids)
        for each in options:
            if not each.get("expression", "SEARCH").startswith("SEARCH"):
                assert set(re.findall(r"[a-zA-Z]\w*", each["expression"])) <= set(ids) - {each["id"]}


@pytest.mark.parametrize("with_alarms", [True, False])
def test_widgets_do_not_overlap_and_fit_into_24_columns(*, with_alarms: bool) -> None:
    covered: set[tuple[int, int]] = set()
    for widget in widgets(with_alarms=with_alarms):
        fields = {
            (x, y)
            for x in range(widget["x"], widget["x"] + widget["width"])
            for y in range(widget["y"], widget["y"] + widget["height"])
        }
        assert covered.isdisjoint(fields), widget
        assert widget["x"] + widget["width"] <= 24
        covered |= fields


@pytest.mark.parametrize("metric", ["Errors", "Throttles", "Duration"])
def test_every_function_has_an_alarm_for_each_lambda_metric(metric: str) -> None:
    dimensions = {
        name: used["Dimensions"]
        for name, alarm in ALARMS.items()
        for used in metrics_of(alarm)
        if used["MetricName"] == metric
    }
    assert dimensions == {
        f"{name}{metric}": [{"Name": "FunctionName", "Value": {"Ref": f"{name}Name"}}]
        for name in list_functions(load())
    }


def test_every_alarm_is_on_the_dashboard() -> None:
    [shown] = [widget["properties"]["alarms"] for widget in widgets() if widget["type"] == "alarm"]
    assert shown == [f"value-of-{name}.Arn" for name in ALARMS]


def test_dashboard_without_alarms_says_so_in_place_of_them() -> None:
    said, *others = widgets(with_alarms=False)
    assert (said["type"], others) == ("text", widgets()[1:])


def test_dashboard_names_the_maps_of_files() -> None:
    machine = yaml.safe_load((ROOT / "infra" / "bulk.asl.yaml").read_text())
    labels = {state["Label"] for state in machine["States"].values() if "ItemBatcher" in state}
    assert set(re.findall(r"\$\{StateMachineArn\}/(\w+)", TEXT)) == labels


def test_every_alarm_notifies_the_topic_and_sets_how_missing_data_counts() -> None:
    topic = {"Fn::If": ["TellsSomeone", [{"Ref": "AlarmTopicArn"}], {"Ref": "AWS::NoValue"}]}
    for name, alarm in ALARMS.items():
        assert (alarm["AlarmActions"], alarm["OKActions"]) == (topic, topic)
        assert alarm["TreatMissingData"] == ("ignore" if name.endswith("QueueNotEmpty") else "notBreaching")


def test_alarm_expression_uses_its_own_metrics_and_returns_one_series() -> None:
    for alarm in ALARMS.values():
        queries = alarm.get("Metrics", [])
        returned = [query for query in queries if query.get("ReturnData", True)]
        assert len(returned) == bool(queries)
        for query in returned:
            expression = query["Expression"]
            text = substitute(expression["Fn::Sub"] if isinstance(expression, dict) else expression)
            assert set(re.findall(r"\b[a-z]\w*", text)) == {each["Id"] for each in queries if each is not query}


def test_every_parameter_and_output_is_described_and_every_parameter_is_used_and_grouped() -> None:
    for name, described in {**PARAMETERS, **TEMPLATE["Outputs"]}.items():
        assert described["Description"].endswith("."), name
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]
    assert sorted(PARAMETERS) == sorted(name for group in groups for name in group["Parameters"])
    for name in PARAMETERS:
        assert re.search(rf"\$\{{{name}\}}|!Ref {name}\b", TEXT), name


def test_template_names_no_region_and_no_partition() -> None:
    assert re.findall(r"arn:aws|amazonaws|[a-z]{2}-[a-z]+-[0-9]\b", TEXT) == []


def test_main_template_passes_every_parameter_and_the_timeouts_of_its_functions() -> None:
    template = load()
    stacks = [item for item in template["Resources"].values() if item["Type"] == "AWS::CloudFormation::Stack"]
    for stack in stacks:
        passed = stack["Properties"]["Parameters"]
        variables = template["Globals"]["Function"]["Environment"]["Variables"]
        assert passed.keys() == PARAMETERS.keys()
        assert passed["ServiceName"] == variables["POWERTOOLS_SERVICE_NAME"]
        for name, properties in list_functions(template).items():
            assert passed[f"{name}Timeout"] == properties["Timeout"]
            assert passed[f"{name}Name"] == {"Ref": name}

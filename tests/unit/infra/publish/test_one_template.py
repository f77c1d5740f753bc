"""The template without its nested stack makes the same resources as the two templates."""

import json
from itertools import product
from typing import Any

import pytest
from infra.build.template_file import ROOT, load
from infra.publish.one_template import inline

from support.resolved_template import resolve
from support.transformed_template import references

STACK = "Observability"
TEMPLATE, NESTED = load(), load(ROOT / "infra" / "observability.yaml")
ONE = inline(TEMPLATE, NESTED, STACK)


def text(resource: Any) -> str:
    return json.dumps(resource, sort_keys=True)


@pytest.mark.parametrize(("dashboard", "alarms"), list(product(["on", "off"], repeat=2)))
def test_one_template_makes_the_resources_of_both(dashboard: str, alarms: str) -> None:
    switches = {"Dashboard": dashboard, "Alarms": alarms}
    of_stack = resolve(TEMPLATE, switches)["Resources"]
    of_nested = resolve(NESTED, {"MakeDashboard": dashboard, "MakeAlarms": alarms})["Resources"]
    found = resolve(ONE, switches)["Resources"]

    expected = {"ObservabilityDashboard" if name == "Dashboard" else name for name in of_nested}
    assert found.keys() == (of_stack.keys() | expected) - {STACK}
    assert [name for name in of_stack if name != STACK and text(found[name]) != text(of_stack[name])] == []


def test_every_parameter_of_the_nested_stack_is_replaced_by_its_value() -> None:
    alarm = resolve(ONE)["Resources"]["HttpFunctionErrors"]["Properties"]
    duration = ONE["Resources"]["HttpFunctionDuration"]["Properties"]["Metrics"][0]["Expression"]

    assert alarm["Dimensions"] == [{"Name": "FunctionName", "Value": {"Ref": "HttpFunction"}}]
    assert duration == {"Fn::Sub": ["longest / (10 * ${HttpFunctionTimeout})", {"HttpFunctionTimeout": "29"}]}
    assert not NESTED["Parameters"].keys() & (set(references(ONE)) - ONE["Parameters"].keys())


@pytest.mark.parametrize("attribute", ["Nested.Outputs.Name", ["Nested", "Outputs.Name"]])
def test_output_of_the_nested_stack_is_replaced_in_both_forms(attribute: object) -> None:
    """`sam build` writes a list."""
    outer = {"Parameters": {}, "Conditions": {}, "Outputs": {"Name": {"Value": {"Fn::GetAtt": attribute}}},
             "Resources": {"Nested": {"Properties": {"Parameters": {}}}}}  # fmt: skip
    nested = {"Conditions": {}, "Outputs": {"Name": {"Value": {"Ref": "Inner"}}}, "Resources": {"Inner": {}}}

    assert inline(outer, nested, "Nested")["Outputs"]["Name"]["Value"] == {"Ref": "Inner"}


def test_everything_that_one_template_refers_to_exists() -> None:
    known = {*ONE["Resources"], *ONE["Parameters"]}
    used = set(references([ONE["Resources"], ONE["Outputs"], ONE["Conditions"]]))

    assert {name for name in used if not name.startswith("AWS")} <= known


def test_resource_whose_name_is_taken_is_renamed_everywhere() -> None:
    assert ONE["Outputs"]["DashboardName"]["Value"] == {"Ref": "ObservabilityDashboard"}
    assert "Dashboard" in ONE["Parameters"]


def test_each_resource_of_the_nested_stack_has_a_condition_of_its_own() -> None:
    assert all("Condition" in resource for resource in NESTED["Resources"].values())


def test_inline_changes_nothing_that_it_is_given() -> None:
    assert (load(), load(ROOT / "infra" / "observability.yaml")) == (TEMPLATE, NESTED)


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"Ref": "Value"}, {"Ref": "Given"}),
        ({"Ref": "Number"}, 7),
        ({"Fn::Sub": "${Number}-${Own}"}, {"Fn::Sub": ["${Number}-${Own}", {"Number": "7"}]}),
        ({"Fn::Sub": "${AWS::Region}-${!Number}"}, {"Fn::Sub": "${AWS::Region}-${!Number}"}),
        ({"Fn::Sub": ["${Own}", {"Own": {"Ref": "Value"}}]}, {"Fn::Sub": ["${Own}", {"Own": {"Ref": "Given"}}]}),
        ({"Fn::If": ["C", [{"Ref": "Number"}], {"Ref": "Other"}]}, {"Fn::If": ["C", [7], {"Ref": "Other"}]}),
    ],
)  # fmt: skip
def test_inline_replaces_references_in_every_function(node: Any, expected: Any) -> None:
    parameters = {"Value": {"Ref": "Given"}, "Number": 7}
    outer = {"Parameters": {"Given": {}}, "Conditions": {}, "Outputs": {},
             "Resources": {"Nested": {"Properties": {"Parameters": parameters}}}}  # fmt: skip
    nested = {"Conditions": {}, "Outputs": {}, "Resources": {"Inner": {"Properties": {"P": node}}}}

    assert inline(outer, nested, "Nested")["Resources"] == {"Inner": {"Properties": {"P": expected}}}

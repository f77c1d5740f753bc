"""template.yaml keeps what it promises: rights, names, settings, and what it refuses."""

import importlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from infra.template import functions, load

from intake.config import VARIABLES, Config

TEMPLATE = load()
PARAMETERS: dict[str, dict[str, Any]] = TEMPLATE["Parameters"]
FUNCTIONS = functions(TEMPLATE)
SETTINGS: dict[str, Any] = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
OF_POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}
OF_THE_RESOLVER = {"RES_OPTIONS"}


def every_dict(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from every_dict(item)
    elif isinstance(value, list):
        for item in value:
            yield from every_dict(item)


def statements() -> list[dict[str, Any]]:
    return [found for found in every_dict(TEMPLATE["Resources"]) if "Effect" in found and "Action" in found]


def accepts(parameter: str, text: str) -> bool:
    """CloudFormation matches the whole value."""
    return re.fullmatch(PARAMETERS[parameter]["AllowedPattern"], text) is not None


def parameter_of(setting: str) -> str | None:
    """The parameter that sets a variable, also within a condition."""
    return next((found["Ref"] for found in every_dict(SETTINGS[setting]) if found.get("Ref") in PARAMETERS), None)


def test_every_parameter_and_output_is_described() -> None:
    for name, described in {**PARAMETERS, **TEMPLATE["Outputs"]}.items():
        assert described.get("Description", "").endswith("."), name


def test_every_parameter_stands_in_a_group_of_the_console() -> None:
    groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

    assert sorted(PARAMETERS) == sorted(name for group in groups for name in group["Parameters"])


def test_every_parameter_has_a_default_within_its_own_bounds() -> None:
    for name, parameter in PARAMETERS.items():
        default = parameter["Default"]
        if parameter["Type"] == "Number" and "AllowedValues" not in parameter:
            assert parameter["MinValue"] <= default <= parameter["MaxValue"], name
        elif "AllowedValues" in parameter:
            assert default in parameter["AllowedValues"], name
        else:
            assert accepts(name, default), name


def test_no_right_is_given_on_everything() -> None:
    allowed = [statement for statement in statements() if statement["Effect"] == "Allow" and "Resource" in statement]

    assert allowed
    for statement in allowed:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert "*" not in (statement["Resource"], *statement["Resource"])
        assert not any("*" in action for action in actions)


def test_no_function_has_the_role_that_sam_would_make() -> None:
    """That one may write to every log group of the account."""
    assert all("Role" in properties for properties in FUNCTIONS.values())
    assert "ManagedPolicyArns" not in str(TEMPLATE)


def test_the_bucket_outlives_the_stack() -> None:
    bucket = TEMPLATE["Resources"]["ImageBucket"]

    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values())


def test_the_bucket_refuses_what_does_not_come_over_tls() -> None:
    (denied,) = [statement for statement in statements() if statement["Effect"] == "Deny"]

    assert (denied["Principal"], denied["Action"]) == ("*", "s3:*")
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_every_function_logs_json_into_a_group_that_forgets() -> None:
    for properties in FUNCTIONS.values():
        logging = properties["LoggingConfig"]
        group = TEMPLATE["Resources"][logging["LogGroup"]["Ref"]]
        assert logging["LogFormat"] == "JSON"
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_no_call_comes_in_without_iam() -> None:
    auth = TEMPLATE["Resources"]["Api"]["Properties"]["Auth"]

    assert auth["DefaultAuthorizer"] == "AWS_IAM"
    assert not any("Auth" in event["Properties"] for event in FUNCTIONS["HttpFunction"]["Events"].values())


def test_every_handler_is_there() -> None:
    for properties in FUNCTIONS.values():
        module, _, name = properties["Handler"].rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


def test_every_variable_is_a_setting_and_every_setting_is_a_variable() -> None:
    assert sorted(VARIABLES) == sorted(set(SETTINGS) - OF_POWERTOOLS - OF_THE_RESOLVER)


def test_the_defaults_of_the_template_are_those_of_the_settings() -> None:
    environment = {
        name: str(PARAMETERS[parameter]["Default"]) for name in VARIABLES if (parameter := parameter_of(name))
    }

    assert Config.from_environment({"IMAGE_BUCKET": "a-bucket"}) == Config.from_environment(
        {"IMAGE_BUCKET": "a-bucket", **environment}
    )
    assert set(environment) == set(VARIABLES) - {"IMAGE_BUCKET"}


@pytest.mark.parametrize("bound", ["MinValue", "MaxValue"])
def test_what_the_template_lets_through_is_a_good_setting(bound: str) -> None:
    for name in VARIABLES:
        parameter = PARAMETERS.get(parameter_of(name) or "", {})
        if bound in parameter:
            Config.from_environment({"IMAGE_BUCKET": "a-bucket", name: str(parameter[bound])})


def test_a_dead_name_server_does_not_take_all_the_time() -> None:
    assert SETTINGS["RES_OPTIONS"] == "timeout:1 attempts:2"


def test_the_function_may_run_as_long_as_api_gateway_waits() -> None:
    assert FUNCTIONS["HttpFunction"]["Timeout"] == 29

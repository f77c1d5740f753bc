"""template.yaml keeps what it promises: rights, names, settings, and what it refuses."""

import importlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from infra.template import functions, load

from intake.config import Config
from intake.settings import VARIABLES

TEMPLATE = load()
PARAMETERS: dict[str, dict[str, Any]] = TEMPLATE["Parameters"]
FUNCTIONS = functions(TEMPLATE)
SETTINGS: dict[str, Any] = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
OF_POWERTOOLS = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_METRICS_NAMESPACE", "POWERTOOLS_LOG_LEVEL"}
OF_PYDANTIC = {"PYDANTIC_DISABLE_PLUGINS"}
OF_THE_RESOLVER = {"RES_OPTIONS"}
OF_LOCAL_RUNS = {"AWS_ENDPOINT_URL_S3"}


def every_dict(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from every_dict(item)
    elif isinstance(value, list):
        for item in value:
            yield from every_dict(item)


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


@pytest.mark.parametrize("bucket", ["ImageBucket", "InboxBucket"])
def test_what_is_in_the_buckets_outlives_the_stack(bucket: str) -> None:
    for resource in (TEMPLATE["Resources"][bucket], TEMPLATE["Resources"][f"{bucket}Policy"]):
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


@pytest.mark.parametrize("bucket", ["ImageBucket", "InboxBucket"])
def test_no_bucket_is_public_or_unencrypted(bucket: str) -> None:
    properties = TEMPLATE["Resources"][bucket]["Properties"]

    assert all(properties["PublicAccessBlockConfiguration"].values())
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert "ServerSideEncryptionConfiguration" in properties["BucketEncryption"]


def test_what_is_dropped_into_the_inbox_is_forgotten_and_what_is_stored_is_not() -> None:
    rules = TEMPLATE["Resources"]["InboxBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]

    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    assert expiring == {"inbox/": {"Ref": "InboxDays"}, "bulk/": {"Ref": "InboxDays"}}
    assert all(rule["Status"] == "Enabled" for rule in rules)
    rules = TEMPLATE["Resources"]["ImageBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert {"runs/"} == {rule["Prefix"] for rule in rules if "ExpirationInDays" in rule}


def test_the_inbox_is_called_what_the_functions_are_told() -> None:
    name = TEMPLATE["Resources"]["InboxBucket"]["Properties"]["BucketName"]

    assert name == SETTINGS["INBOX_BUCKET"]
    assert name["Fn::Join"][1][0] == "image-intake-inbox"
    assert len("image-intake-inbox-") + 36 <= 63


def test_manifests_and_nothing_else_start_the_function_behind_the_inbox() -> None:
    events = [event["Properties"] for event in FUNCTIONS["S3Function"]["Events"].values()]

    assert all(event["Bucket"] == {"Ref": "InboxBucket"} for event in events)
    rules = [{rule["Name"]: rule["Value"] for rule in event["Filter"]["S3Key"]["Rules"]} for event in events]
    assert rules == [{"prefix": "inbox/", "suffix": ".json"}, {"prefix": "inbox/", "suffix": ".jsonl"}]


def test_what_fails_for_good_waits_two_weeks_in_an_encrypted_queue() -> None:
    config = FUNCTIONS["S3Function"]["EventInvokeConfig"]
    queue = TEMPLATE["Resources"]["FailureQueue"]["Properties"]

    assert config["MaximumRetryAttempts"] == 2
    assert config["DestinationConfig"]["OnFailure"] == {
        "Type": "SQS",
        "Destination": {"Fn::GetAtt": "FailureQueue.Arn"},
    }
    assert (queue["MessageRetentionPeriod"], queue["SqsManagedSseEnabled"]) == (14 * 24 * 3600, True)


def test_every_queue_hides_a_message_six_times_as_long_as_the_slowest_function_may_run() -> None:
    """As long as Lambda asks for where a queue feeds a function; none does today."""
    longest = max(properties["Timeout"] for properties in FUNCTIONS.values())
    queues = [item["Properties"] for item in TEMPLATE["Resources"].values() if item["Type"] == "AWS::SQS::Queue"]

    assert queues
    for queue in queues:
        assert 6 * longest <= queue["VisibilityTimeout"] <= 12 * 3600


def test_a_list_in_the_inbox_starts_a_run_with_no_code_between() -> None:
    rule = TEMPLATE["Resources"]["ListArrived"]["Properties"]

    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [{"Ref": "InboxBucket"}]}, "object": {"key": [{"prefix": "bulk/"}]}},
    }
    [target] = rule["Targets"]
    assert target["Arn"] == {"Ref": "StateMachine"}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": "FailureQueue.Arn"}}


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
    assert sorted(VARIABLES) == sorted(set(SETTINGS) - OF_POWERTOOLS - OF_PYDANTIC - OF_THE_RESOLVER - OF_LOCAL_RUNS)


def test_the_defaults_of_the_template_are_those_of_the_settings() -> None:
    environment = {
        name: str(PARAMETERS[parameter]["Default"]) for name in VARIABLES if (parameter := parameter_of(name))
    }

    assert Config.from_environment({"IMAGE_BUCKET": "a-bucket"}) == Config.from_environment(
        {"IMAGE_BUCKET": "a-bucket", **environment}
    )
    assert set(environment) == set(VARIABLES) - {"IMAGE_BUCKET", "INBOX_BUCKET"}


@pytest.mark.parametrize("bound", ["MinValue", "MaxValue"])
def test_what_the_template_lets_through_is_a_good_setting(bound: str) -> None:
    for name in VARIABLES:
        parameter = PARAMETERS.get(parameter_of(name) or "", {})
        if bound in parameter:
            # With the most memory a function may have: an image may have half of it.
            environment = {"IMAGE_BUCKET": "a-bucket", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "10240"}
            Config.from_environment(environment | {name: str(parameter[bound])})


def test_what_only_local_runs_set_is_no_variable_of_a_deployed_function() -> None:
    assert [SETTINGS[name] for name in OF_LOCAL_RUNS] == [{"Ref": "AWS::NoValue"}]


def test_a_dead_name_server_does_not_take_all_the_time() -> None:
    assert SETTINGS["RES_OPTIONS"] == "timeout:1 attempts:2"


def test_no_function_runs_longer_than_what_waits_for_it() -> None:
    """API Gateway waits 29 seconds; the state machine says itself how long it waits; Lambda's longest run is 900."""
    timeouts = {name: properties["Timeout"] for name, properties in FUNCTIONS.items()}
    assert timeouts == {"HttpFunction": 29, "S3Function": 900, "BulkFunction": 110, "SummaryFunction": 900}

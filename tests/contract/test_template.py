"""template.yaml: parameters, buckets, functions, queues, and the settings that it passes to the functions."""

import importlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from infra.build.template_file import list_functions, load

from intake.settings.config import Config
from intake.settings.table import VARIABLES

TEMPLATE = load()
PARAMETERS: dict[str, dict[str, Any]] = TEMPLATE["Parameters"]
FUNCTIONS = list_functions(TEMPLATE)
SETTINGS: dict[str, Any] = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"]
QUEUES = {name: item for name, item in TEMPLATE["Resources"].items() if item["Type"] == "AWS::SQS::Queue"}
POWERTOOLS_VARIABLES = {"POWERTOOLS_SERVICE_NAME", "POWERTOOLS_LOG_LEVEL"}
PYDANTIC_VARIABLES = {"PYDANTIC_DISABLE_PLUGINS"}
RESOLVER_VARIABLES = {"RES_OPTIONS"}
ALLOCATOR_VARIABLES = {"MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"}
LOCAL_VARIABLES = {"AWS_ENDPOINT_URL_S3"}


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
    """Return the parameter that sets a variable, directly or in a condition."""
    return next((found["Ref"] for found in every_dict(SETTINGS[setting]) if found.get("Ref") in PARAMETERS), None)


def test_every_parameter_and_output_is_described() -> None:
    for name, described in {**PARAMETERS, **TEMPLATE["Outputs"]}.items():
        assert described.get("Description", "").endswith("."), name


def test_every_parameter_is_in_a_group_of_the_console() -> None:
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
def test_bucket_and_its_policy_are_retained_when_the_stack_is_deleted(bucket: str) -> None:
    for resource in (TEMPLATE["Resources"][bucket], TEMPLATE["Resources"][f"{bucket}Policy"]):
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")


@pytest.mark.parametrize("bucket", ["ImageBucket", "InboxBucket"])
def test_bucket_is_private_and_encrypted(bucket: str) -> None:
    properties = TEMPLATE["Resources"][bucket]["Properties"]

    assert properties["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert properties["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    assert "ServerSideEncryptionConfiguration" in properties["BucketEncryption"]


def test_inbox_objects_and_run_results_expire_and_images_do_not() -> None:
    rules = TEMPLATE["Resources"]["InboxBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]

    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    assert expiring == {"inbox/": {"Ref": "InboxDays"}, "bulk/": {"Ref": "InboxDays"}, "smoke/": 1}
    assert all(rule["Status"] == "Enabled" for rule in rules)
    rules = TEMPLATE["Resources"]["ImageBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    assert expiring == {"runs/": {"Ref": "InboxDays"}, "known/": 30, "origins/": 1}


def test_inbox_has_the_name_that_the_functions_receive() -> None:
    name = TEMPLATE["Resources"]["InboxBucket"]["Properties"]["BucketName"]

    assert name == SETTINGS["INBOX_BUCKET"]
    assert name["Fn::Join"][1][0] == "image-intake-inbox"
    assert len("image-intake-inbox-") + 36 <= 63


def test_s3_function_is_invoked_for_manifests_only() -> None:
    events = [event["Properties"] for event in FUNCTIONS["S3Function"]["Events"].values()]

    assert all(event["Bucket"] == {"Ref": "InboxBucket"} for event in events)
    rules = [{rule["Name"]: rule["Value"] for rule in event["Filter"]["S3Key"]["Rules"]} for event in events]
    assert rules == [{"prefix": "inbox/", "suffix": suffix} for suffix in (".json", ".jsonl", ".txt")]


def test_every_function_logs_json_into_a_group_with_limited_retention() -> None:
    for properties in FUNCTIONS.values():
        logging = properties["LoggingConfig"]
        group = TEMPLATE["Resources"][logging["LogGroup"]["Ref"]]
        assert logging["LogFormat"] == "JSON"
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_api_requires_iam_authorization() -> None:
    auth = TEMPLATE["Resources"]["Api"]["Properties"]["Auth"]

    assert auth["DefaultAuthorizer"] == "AWS_IAM"
    assert not any("Auth" in event["Properties"] for event in FUNCTIONS["HttpFunction"]["Events"].values())


def test_function_answers_requests_of_that_api_only() -> None:
    """A function URL, and the API that SAM adds for an event without `RestApiId`, would ask for no signature."""
    events = [event for properties in FUNCTIONS.values() for event in properties.get("Events", {}).values()]
    apis = [event["Properties"].get("RestApiId") for event in events if event["Type"] not in {"S3", "SQS"}]

    assert {event["Type"] for event in events} == {"Api", "S3", "SQS"}
    assert all(api == {"Ref": "Api"} for api in apis)
    assert not any("FunctionUrlConfig" in properties for properties in FUNCTIONS.values())
    types = {resource["Type"] for resource in TEMPLATE["Resources"].values()}
    assert types.isdisjoint({"AWS::Lambda::Permission", "AWS::Lambda::Url"})


def test_every_handler_exists() -> None:
    for properties in FUNCTIONS.values():
        module, _, name = properties["Handler"].rpartition(".")
        assert callable(getattr(importlib.import_module(module), name))


def test_every_variable_is_a_setting_and_every_setting_is_a_variable() -> None:
    assert sorted(VARIABLES) == sorted(
        set(SETTINGS)
        - POWERTOOLS_VARIABLES
        - PYDANTIC_VARIABLES
        - RESOLVER_VARIABLES
        - ALLOCATOR_VARIABLES
        - LOCAL_VARIABLES
    )


def test_parameter_defaults_equal_the_defaults_of_the_settings() -> None:
    settings = set(VARIABLES) - {"IMAGE_BUCKET"}  # the bucket of the stack, if its parameter is empty
    environment = {
        name: str(PARAMETERS[parameter]["Default"]) for name in settings if (parameter := parameter_of(name))
    }

    assert Config.from_environment({"IMAGE_BUCKET": "a-bucket"}) == Config.from_environment(
        {"IMAGE_BUCKET": "a-bucket", **environment}
    )
    assert set(environment) == settings - {"INBOX_BUCKET"}


@pytest.mark.parametrize("bound", ["MinValue", "MaxValue"])
def test_bounds_of_every_parameter_are_valid_settings(bound: str) -> None:
    for name in VARIABLES:
        parameter = PARAMETERS.get(parameter_of(name) or "", {})
        if bound in parameter:
            # The largest image needs a function with the most memory.
            environment = {"IMAGE_BUCKET": "a-bucket", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "10240"}
            Config.from_environment(environment | {name: str(parameter[bound])})


def test_variables_of_local_runs_are_not_set_in_a_deployed_function() -> None:
    assert [SETTINGS[name] for name in LOCAL_VARIABLES] == [{"Ref": "AWS::NoValue"}]


@pytest.mark.parametrize(
    ("expected", "per_origin", "functions"), [(4, 128, 32), (1, 128, 200), (128, 128, 1), (2, 8, 3), (1, 1, 1000)]
)
def test_functions_of_a_bulk_run_share_the_requests_to_an_origin(
    expected: int, per_origin: int, functions: int
) -> None:
    """The default of a run is 128 requests to one origin at once, of all its functions together."""
    defaults = {name: PARAMETERS[name]["Default"] for name in ("MaxPerOriginBulk", "BulkMaxConcurrency")}
    assert (defaults["MaxPerOriginBulk"], defaults["BulkMaxConcurrency"]) == (128, 32)
    values = {"MaxPerOriginBulk": per_origin, "BulkMaxConcurrency": functions}
    variables = TEMPLATE["Resources"]["BulkFunction"]["Properties"]["Environment"]["Variables"]
    environment = {name: str(values[value["Ref"]]) for name, value in variables.items()}

    assert Config.from_environment({"IMAGE_BUCKET": "a-bucket", **environment}).limits.max_per_origin == expected


@pytest.mark.parametrize("name", [name.removesuffix("Function") for name in FUNCTIONS if name != "QueueFunction"])
def test_reserved_concurrency_of_every_function_is_a_parameter_and_none_by_default(name: str) -> None:
    """An account with the concurrency 10 could not create a stack that reserves any."""
    parameter = f"ReservedConcurrency{name}"
    assert PARAMETERS[parameter]["Default"] == 0
    assert TEMPLATE["Conditions"][f"Reserves{name}"] == {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, 0]}]}
    assert FUNCTIONS[f"{name}Function"]["ReservedConcurrentExecutions"] == {
        "Fn::If": [f"Reserves{name}", {"Ref": parameter}, {"Ref": "AWS::NoValue"}]
    }


def test_resolver_gives_up_on_a_dead_name_server_after_two_seconds() -> None:
    assert SETTINGS["RES_OPTIONS"] == "timeout:1 attempts:2"


def test_allocator_keeps_the_memory_of_the_largest_image_and_of_the_largest_function() -> None:
    """With one of these variables alone, glibc would map every body anew (mallopt(3), M_MMAP_THRESHOLD)."""
    largest_image, largest_function = (
        PARAMETERS["MaxImageBytes"]["Default"],
        PARAMETERS["MemorySize"]["MaxValue"] * 2**20,
    )

    assert largest_image < int(SETTINGS["MALLOC_MMAP_THRESHOLD_"]) <= 32 * 2**20
    assert largest_function < int(SETTINGS["MALLOC_TRIM_THRESHOLD_"])


def test_function_timeouts_do_not_exceed_those_of_their_callers() -> None:
    """API Gateway waits 29 seconds. The definition of the state machine has its own timeouts. Lambda permits 900."""
    timeouts = {name: properties["Timeout"] for name, properties in FUNCTIONS.items()}
    expected = {"HttpFunction": 29, "S3Function": 900, "BulkFunction": 110, "SummaryFunction": 900}
    assert timeouts == expected | {"InvokeFunction": 300, "QueueFunction": 60}

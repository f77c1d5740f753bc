"""The parameters for the rules of an account: what each changes, alone and with all others."""

import json
import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any

import pytest
from infra.build.template_file import ROOT, load

from support.expected_rights import (
    KEY,
    KEY_RIGHTS,
    MAP_KEY_RIGHTS,
    NETWORK_RIGHTS,
    ROLES,
    SECRET,
    SECRET_RIGHTS,
    STORE,
)
from support.resolved_template import keeps_rules, resolve
from support.template_rights import policies_of_role, rights_of_role
from support.transformed_template import find_cycle, references, transform

TEMPLATE = load()
OBSERVABILITY = load(ROOT / "infra" / "observability.yaml")
SUBNETS, GROUPS = "subnet-0123456789abcdef0,subnet-01234567", "sg-0123456789abcdef0"
BOUNDARY = "arn:aws:iam::123456789012:policy/teams/boundary"
SWITCHES: dict[str, Mapping[str, str]] = {
    "bucket": {"ExistingImageBucket": "my-images"},
    "key": {"KmsKeyArn": KEY},
    "vpc": {"SubnetIds": SUBNETS, "SecurityGroupIds": GROUPS},
    "boundary": {"PermissionsBoundaryArn": BOUNDARY},
    "access logs": {"ApiAccessLogs": "on"},
    "no dashboard": {"Dashboard": "off"},
    "no alarms": {"Alarms": "off"},
    "topic": {"ReceiptTopic": "on"},
    "secret": {"SourceHosts": "a.example,b.example", "SourceSecretArn": SECRET},
}
NOTHING: frozenset[str] = frozenset()
FUNCTION_ROLES = {name for name in ROLES if name.endswith("FunctionRole")}
"""Properties that only a switch adds."""
ADDED = {
    "KmsKeyId": "key",
    "KmsMasterKeyId": "key",
    "KMSMasterKeyID": "key",
    "BucketKeyEnabled": "key",
    "VpcConfig": "vpc",
    "PermissionsBoundary": "boundary",
    "AccessLogSetting": "access logs",
    "TopicConfigurations": "topic",
}


def parameters_of(switches: tuple[str, ...]) -> dict[str, str]:
    return {name: value for switch in switches for name, value in SWITCHES[switch].items()}


def every_combination() -> Iterator[tuple[str, ...]]:
    """Yield the combinations that the rules of the template accept."""
    for count in range(len(SWITCHES) + 1):
        yield from (each for each in combinations(SWITCHES, count) if not {"topic", "bucket"} <= set(each))


def resources(*switches: str) -> dict[str, Any]:
    """Return the resources of the template before the transform."""
    found: dict[str, Any] = resolve(TEMPLATE, parameters_of(switches))["Resources"]
    return found


@pytest.fixture(scope="module")
def transformed() -> dict[str, Any]:
    return transform(TEMPLATE)


def of_type(found: Mapping[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {name: resource["Properties"] for name, resource in found.items() if resource["Type"] == kind}


def test_stack_that_sets_nothing_has_no_property_of_a_switch(transformed: dict[str, Any]) -> None:
    text = json.dumps(resolve(transformed)["Resources"])

    assert [name for name in ADDED if f'"{name}"' in text] == []
    assert re.findall(r'"(?:kms|ec2|secretsmanager):', text) == []


@pytest.mark.parametrize(
    ("switch", "added", "removed"),
    [
        ("bucket", NOTHING, {"ImageBucket", "ImageBucketPolicy"}),
        ("key", NOTHING, NOTHING),
        ("vpc", {"NetworkPolicy"}, NOTHING),
        ("boundary", NOTHING, NOTHING),
        ("access logs", {"ApiLogs"}, NOTHING),
        ("topic", NOTHING, NOTHING),
        ("secret", NOTHING, NOTHING),
        ("no dashboard", NOTHING, NOTHING),
        ("no alarms", NOTHING, NOTHING),
        ("no dashboard, no alarms", NOTHING, {"Observability"}),
    ],
)
def test_switch_adds_and_removes_resources(switch: str, added: set[str], removed: set[str]) -> None:
    before, after = resources(), resources(*switch.split(", "))

    assert (after.keys() - before.keys(), before.keys() - after.keys()) == (added, removed)


def test_every_combination_of_switches_refers_to_what_exists_and_has_no_cycle(transformed: dict[str, Any]) -> None:
    for switches in every_combination():
        values = parameters_of(switches)
        resolved = resolve(transformed, values)
        known = {*resolved["Resources"], *resolved["Parameters"], "AWS::NoValue"}
        used = set(references([resolved["Resources"], resolved["Outputs"]]))
        assert {name for name in used if not name.startswith("AWS")} <= known, switches
        assert find_cycle(resolved) == [], switches
        assert keeps_rules(TEMPLATE, values), switches


@pytest.mark.parametrize("switch", [switch for switch in SWITCHES if switch in ADDED.values()])
def test_every_combination_has_a_property_only_where_its_switch_is_set(switch: str) -> None:
    names = [f'"{name}"' for name, of in ADDED.items() if of == switch]
    for switches in every_combination():
        resolved = resolve(TEMPLATE, parameters_of(switches))
        text = json.dumps([resolved["Resources"], resolved["Globals"]])
        assert {name for name in names if name in text} == {name for name in names if switch in switches}, switches


@pytest.mark.parametrize("role", ROLES)
def test_existing_bucket_gives_the_same_rights_on_its_prefixes(role: str) -> None:
    """The name of the bucket takes the place of the stack's own bucket."""
    expected = {right.replace("ImageBucket", "arn:${AWS::Partition}:s3:::my-images") for right in ROLES[role]}

    assert rights_of_role(resources("bucket"), role) == expected


def test_existing_bucket_is_nowhere_changed() -> None:
    """Only variables, rights, the state machine and the output name it."""
    found = resolve(TEMPLATE, parameters_of(("bucket",)))
    naming = {name for name, resource in found["Resources"].items() if "my-images" in json.dumps(resource)}

    roles = {role for role, rights in ROLES.items() if any("ImageBucket" in right for right in rights - STORE)}
    assert naming == {*roles, "StateMachine", "StorePolicy", "ReceiptTopicPolicy"}
    assert found["Globals"]["Function"]["Environment"]["Variables"]["IMAGE_BUCKET"] == "my-images"
    assert found["Outputs"]["ImageBucketName"]["Value"] == "my-images"


@pytest.mark.parametrize("role", ROLES)
def test_key_adds_its_rights_to_every_role_that_reads_or_writes(role: str) -> None:
    added = KEY_RIGHTS | (MAP_KEY_RIGHTS if role == "StateMachineRole" else set())
    expected = ROLES[role] | (added if role != "ListArrivedRole" else set())

    assert rights_of_role(resources("key"), role) == expected


@pytest.mark.parametrize("role", ROLES)
def test_secret_adds_one_right_to_every_role_that_downloads_images(role: str) -> None:
    added = SECRET_RIGHTS if ROLES[role] >= STORE else set()

    assert rights_of_role(resources("secret"), role) == ROLES[role] | added


def test_keys_of_sources_are_used_through_s3_and_secrets_manager_only() -> None:
    values = parameters_of(("secret",)) | {"SourceKmsKeyArns": KEY}
    statements = resolve(TEMPLATE, values)["Resources"]["StorePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    [statement] = [each for each in statements if each["Action"] == "kms:Decrypt"]

    assert statement["Resource"] == [KEY]
    services = [service["Fn::Sub"] for service in statement["Condition"]["StringLike"]["kms:ViaService"]]
    assert services == ["s3.*.${AWS::URLSuffix}", "secretsmanager.*.${AWS::URLSuffix}"]


def test_key_encrypts_every_bucket_queue_topic_and_log_group() -> None:
    found = resources("key", "access logs")
    [*keys] = [
        encryption["ServerSideEncryptionByDefault"] | {"BucketKeyEnabled": encryption["BucketKeyEnabled"]}
        for bucket in of_type(found, "AWS::S3::Bucket").values()
        for encryption in bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    ]
    assert keys == [{"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": KEY, "BucketKeyEnabled": True}] * 2
    for queue in of_type(found, "AWS::SQS::Queue").values():
        assert (queue["KmsMasterKeyId"], "SqsManagedSseEnabled" in queue) == (KEY, False)
    for topic in of_type(found, "AWS::SNS::Topic").values():
        assert topic["KmsMasterKeyId"] == KEY
    assert {group["KmsKeyId"] for group in of_type(found, "AWS::Logs::LogGroup").values()} == {KEY}


def test_without_a_key_buckets_and_queues_are_encrypted_with_keys_of_aws() -> None:
    found = resources()

    for bucket in of_type(found, "AWS::S3::Bucket").values():
        [encryption] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert encryption == {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    assert all(queue["SqsManagedSseEnabled"] is True for queue in of_type(found, "AWS::SQS::Queue").values())


def test_vpc_connects_every_function(transformed: dict[str, Any]) -> None:
    found = resolve(transformed, parameters_of(("vpc",)))["Resources"]
    expected = {"SubnetIds": SUBNETS.split(","), "SecurityGroupIds": GROUPS.split(",")}

    assert all(each["VpcConfig"] == expected for each in of_type(found, "AWS::Lambda::Function").values())


@pytest.mark.parametrize("role", ROLES)
def test_vpc_adds_rights_to_the_roles_of_functions_and_denies_them_to_the_code(role: str) -> None:
    found = resources("vpc")
    added = NETWORK_RIGHTS if role in FUNCTION_ROLES else set()
    assert rights_of_role(found, role) == ROLES[role] | added

    denied = [
        statement
        for document in policies_of_role(found, role)
        for statement in document["Statement"]
        if statement["Effect"] == "Deny"
    ]
    assert len(denied) == bool(added)
    for statement in denied:
        assert {f"{action} {statement['Resource']}" for action in statement["Action"]} == NETWORK_RIGHTS
        assert statement["Condition"] == {"Null": {"lambda:SourceFunctionArn": "false"}}


def test_boundary_is_set_on_every_role(transformed: dict[str, Any]) -> None:
    found = resolve(transformed, parameters_of(("boundary",)))["Resources"]

    assert {role["PermissionsBoundary"] for role in of_type(found, "AWS::IAM::Role").values()} == {BOUNDARY}
    assert of_type(OBSERVABILITY["Resources"], "AWS::IAM::Role") == {}


def test_access_log_says_who_called_without_query_strings(transformed: dict[str, Any]) -> None:
    found = resolve(transformed, parameters_of(("access logs",)))["Resources"]
    [stage] = of_type(found, "AWS::ApiGateway::Stage").values()
    setting = stage["AccessLogSetting"]
    line = json.loads(setting["Format"])

    assert setting["DestinationArn"]["Fn::Sub"].endswith(":log-group:${ApiLogs}")
    assert "\n" not in setting["Format"]
    assert {line[name] for name in ("principal", "accountId", "sourceIp", "status", "latencyMs")} == {
        "$context.identity.userArn",
        "$context.identity.accountId",
        "$context.identity.sourceIp",
        "$context.status",
        "$context.responseLatency",
    }
    # These come from the caller: a path has an id, a header may have quotation marks.
    assert not any(re.search(r"path$|querystring|userAgent|header", value) for value in line.values())


@pytest.mark.parametrize(
    ("values", "accepted"),
    [
        ({"SubnetIds": SUBNETS}, False),
        ({"SecurityGroupIds": GROUPS}, False),
        ({"SubnetIds": SUBNETS, "SecurityGroupIds": GROUPS}, True),
        ({"ReceiptTopic": "on"}, True),
        ({"SourceHosts": "a.example"}, False),
        ({"SourceSecretArn": SECRET}, False),
        ({"SourceHosts": "a.example", "SourceSecretArn": SECRET}, True),
        ({"SourceKmsKeyArns": KEY}, False),
        ({"SourceKmsKeyArns": KEY, "SourceHosts": "a.example", "SourceSecretArn": SECRET}, True),
        ({"SourceKmsKeyArns": KEY, "SourceBuckets": "my-photos"}, True),
        ({"ReceiptTopic": "on", "ExistingImageBucket": "my-images"}, False),
        ({}, True),
    ],
)
def test_rules_refuse_halves_and_what_has_no_effect(values: dict[str, str], *, accepted: bool) -> None:
    assert keeps_rules(TEMPLATE, values) == accepted


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ({"MakeDashboard": "on", "MakeAlarms": "on"}, {"AWS::CloudWatch::Alarm", "AWS::CloudWatch::Dashboard"}),
        ({"MakeDashboard": "on", "MakeAlarms": "off"}, {"AWS::CloudWatch::Dashboard"}),
        ({"MakeDashboard": "off", "MakeAlarms": "on"}, {"AWS::CloudWatch::Alarm"}),
    ],
)
def test_nested_stack_makes_what_is_switched_on(values: dict[str, str], kinds: set[str]) -> None:
    found = resolve(OBSERVABILITY, values)

    assert {resource["Type"] for resource in found["Resources"].values()} == kinds
    used = set(references([found["Resources"], found["Outputs"]]))
    assert {name for name in used if not name.startswith("AWS")} <= {*found["Resources"], *found["Parameters"]}

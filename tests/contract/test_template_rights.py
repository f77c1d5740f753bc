"""Each IAM role has exactly the permissions in support/expected_rights.py, and no permission has a wildcard."""

from typing import Any

import pytest
from infra.build.template_file import list_functions, load

from support.expected_rights import ROLES
from support.resolved_template import resolve
from support.template_rights import as_list, resource_name, rights_of_role

RESOURCES: dict[str, dict[str, Any]] = resolve(load())["Resources"]


def policies() -> list[dict[str, Any]]:
    """List the policy documents of roles, queues and buckets."""
    found = []
    for resource in RESOURCES.values():
        properties = resource["Properties"]
        found += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
        found += [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    return found


@pytest.mark.parametrize("name", ROLES)
def test_role_has_exactly_the_expected_rights(name: str) -> None:
    assert rights_of_role(RESOURCES, name) == ROLES[name]


def test_expected_rights_have_every_role() -> None:
    assert {name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::IAM::Role"} == set(ROLES)


def test_every_function_has_its_own_role() -> None:
    """The role that SAM would add may write to every log group of the account."""
    roles = {name: resource_name(properties["Role"]) for name, properties in list_functions(load()).items()}
    assert roles == {name: f"{name}Role" for name in roles}


def test_no_role_has_a_policy_from_outside_the_template() -> None:
    for name in ROLES:
        assert RESOURCES[name]["Properties"].get("ManagedPolicyArns", []) in ([], [{"Ref": "StorePolicy"}])


def test_no_right_has_a_wildcard() -> None:
    allowed = [found for document in policies() for found in document["Statement"] if found["Effect"] == "Allow"]

    assert allowed
    for statement in allowed:
        assert "*" not in as_list(statement["Resource"])
        assert not any("*" in action for action in as_list(statement["Action"]))


def test_role_trusts_one_service_only() -> None:
    trusted = {
        name: [found["Principal"] for found in RESOURCES[name]["Properties"]["AssumeRolePolicyDocument"]["Statement"]]
        for name in ROLES
    }
    services = {"ListArrivedRole": "events.amazonaws.com", "StateMachineRole": "states.amazonaws.com"}
    assert trusted == {name: [{"Service": services.get(name, "lambda.amazonaws.com")}] for name in ROLES}


@pytest.mark.parametrize("name", ["ListArrivedRole", "StateMachineRole"])
def test_role_is_assumed_for_this_account_only(name: str) -> None:
    """EventBridge and Step Functions also act for other accounts."""
    [trust] = RESOURCES[name]["Properties"]["AssumeRolePolicyDocument"]["Statement"]

    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}


@pytest.mark.parametrize("bucket", ["ImageBucket", "InboxBucket"])
def test_policy_of_bucket_allows_nothing(bucket: str) -> None:
    """All rights are those of the roles."""
    documents = [
        resource["Properties"]["PolicyDocument"]
        for resource in RESOURCES.values()
        if resource["Properties"].get("Bucket") == {"Ref": bucket}
    ]

    assert [[statement["Effect"] for statement in document["Statement"]] for document in documents] == [["Deny"]]


@pytest.mark.parametrize(
    ("policy", "of", "actions"),
    [
        ("ImageBucketPolicy", ["ImageBucket", "ImageBucket/*"], "s3:*"),
        ("InboxBucketPolicy", ["InboxBucket", "InboxBucket/*"], "s3:*"),
        ("FailureQueuePolicy", ["FailureQueue"], "sqs:*"),
        ("FileQueuePolicy", ["FileQueue"], "sqs:*"),
        ("FailedFilesQueuePolicy", ["FailedFilesQueue"], "sqs:*"),
        ("ReceiptTopicPolicy", ["ReceiptEvents"], "sns:Publish"),  # SNS refuses sns:* in the policy of a topic
    ],
)
def test_policy_denies_access_without_tls(policy: str, of: list[str], actions: str) -> None:
    statements = RESOURCES[policy]["Properties"]["PolicyDocument"]["Statement"]
    [denied] = [statement for statement in statements if statement["Effect"] == "Deny"]

    assert (denied["Principal"], denied["Action"]) == ("*", actions)
    assert [resource_name(resource) for resource in as_list(denied["Resource"])] == of
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize("queue", ["FileQueue", "FailedFilesQueue"])
def test_policy_of_queue_allows_nothing(queue: str) -> None:
    """Callers need sqs:SendMessage of their own; Lambda reads with the role of the function."""
    statements = RESOURCES[f"{queue}Policy"]["Properties"]["PolicyDocument"]["Statement"]
    assert [statement["Effect"] for statement in statements] == ["Deny"]


def test_failure_queue_admits_the_rule_that_starts_runs_only() -> None:
    statements = RESOURCES["FailureQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    [allowed] = [statement for statement in statements if statement["Effect"] == "Allow"]

    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": "ListArrived.Arn"}}}


def test_topic_of_receipts_admits_s3_for_the_image_bucket_only() -> None:
    statements = RESOURCES["ReceiptTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    [allowed] = [statement for statement in statements if statement["Effect"] == "Allow"]

    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "s3.amazonaws.com"}, "sns:Publish")
    assert allowed["Resource"] == {"Ref": "ReceiptEvents"}
    assert allowed["Condition"] == {
        "ArnEquals": {"aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:s3:::${ImageBucket}"}},
        "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
    }


def test_rights_contain_the_name_of_the_inbox() -> None:
    """The policy spells the name, because a reference would be a cycle."""
    ids = [
        resource["Fn::Sub"][1]["Id"]
        for policy in RESOURCES["S3FunctionRole"]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for resource in [statement["Resource"]]
        if isinstance(resource.get("Fn::Sub"), list)
    ]
    prefix, made_of = RESOURCES["InboxBucket"]["Properties"]["BucketName"]["Fn::Join"][1]
    assert (prefix, ids) == ("image-intake-inbox", [made_of, made_of])

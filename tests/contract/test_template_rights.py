"""Who may do what: every right of every role, listed; nothing on everything."""

from typing import Any

import pytest
from infra.template import functions, load

from support.expected_rights import ROLES

RESOURCES: dict[str, dict[str, Any]] = load()["Resources"]


def listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def shown(resource: object) -> str:
    """A resource as one reads it: the bucket's name for its ARN."""
    match resource:
        case {"Fn::GetAtt": str(name)} | {"Ref": str(name)}:
            return name.removesuffix(".Arn")
        case {"Fn::Sub": [str(text), dict()]}:
            return text
        case {"Fn::Sub": str(text)} if text.startswith("${"):
            return text.replace(".Arn}", "}").replace("${", "", 1).replace("}", "", 1)
        case {"Fn::Sub": str(text)}:
            return text
        case _:
            return str(resource)


def rights(document: dict[str, Any]) -> set[str]:
    found = set()
    for statement in document["Statement"]:
        condition = f" if {statement['Condition']}" if "Condition" in statement else ""
        for action in listed(statement["Action"]):
            found |= {f"{action} {shown(resource)}{condition}" for resource in listed(statement["Resource"])}
    return found


def role(name: str) -> set[str]:
    """Every right of a role, wherever it is given."""
    properties = RESOURCES[name]["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    documents += [
        RESOURCES[ref["Ref"]]["Properties"]["PolicyDocument"] for ref in properties.get("ManagedPolicyArns", [])
    ]
    for resource in RESOURCES.values():
        if resource["Type"] == "AWS::IAM::Policy" and {"Ref": name} in resource["Properties"]["Roles"]:
            documents.append(resource["Properties"]["PolicyDocument"])
    return set().union(*map(rights, documents))


def policies() -> list[dict[str, Any]]:
    """Every policy document of the template, of roles, queues and buckets."""
    found = []
    for resource in RESOURCES.values():
        properties = resource["Properties"]
        found += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
        found += [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    return found


@pytest.mark.parametrize("name", ROLES)
def test_a_role_has_the_rights_it_needs_and_no_other(name: str) -> None:
    assert role(name) == ROLES[name]


def test_every_role_is_listed_here() -> None:
    assert {name for name, resource in RESOURCES.items() if resource["Type"] == "AWS::IAM::Role"} == set(ROLES)


def test_every_function_has_a_role_of_its_own() -> None:
    """The one that SAM would make may write to every log group of the account."""
    roles = {name: shown(properties["Role"]) for name, properties in functions(load()).items()}
    assert roles == {name: f"{name}Role" for name in roles}


def test_no_role_has_a_policy_that_is_not_written_here() -> None:
    for name in ROLES:
        assert RESOURCES[name]["Properties"].get("ManagedPolicyArns", []) in ([], [{"Ref": "StorePolicy"}])


def test_no_right_is_given_on_everything() -> None:
    allowed = [found for document in policies() for found in document["Statement"] if found["Effect"] == "Allow"]

    assert allowed
    for statement in allowed:
        assert "*" not in listed(statement["Resource"])
        assert not any("*" in action for action in listed(statement["Action"]))


def test_whom_a_role_trusts_is_one_service() -> None:
    trusted = {
        name: [found["Principal"] for found in RESOURCES[name]["Properties"]["AssumeRolePolicyDocument"]["Statement"]]
        for name in ROLES
    }
    services = {"ListArrivedRole": "events.amazonaws.com", "StateMachineRole": "states.amazonaws.com"}
    assert trusted == {name: [{"Service": services.get(name, "lambda.amazonaws.com")}] for name in ROLES}


@pytest.mark.parametrize(
    ("policy", "of", "actions"),
    [
        ("ImageBucketPolicy", ["ImageBucket", "ImageBucket/*"], "s3:*"),
        ("InboxBucketPolicy", ["InboxBucket", "InboxBucket/*"], "s3:*"),
        ("FailureQueuePolicy", ["FailureQueue"], "sqs:*"),
    ],
)
def test_what_does_not_come_over_tls_is_refused(policy: str, of: list[str], actions: str) -> None:
    statements = RESOURCES[policy]["Properties"]["PolicyDocument"]["Statement"]
    [denied] = [statement for statement in statements if statement["Effect"] == "Deny"]

    assert (denied["Principal"], denied["Action"]) == ("*", actions)
    assert [shown(resource) for resource in listed(denied["Resource"])] == of
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_only_the_rule_that_starts_runs_may_put_into_the_queue_of_failures_from_outside() -> None:
    statements = RESOURCES["FailureQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    [allowed] = [statement for statement in statements if statement["Effect"] == "Allow"]

    assert (allowed["Principal"], allowed["Action"]) == ({"Service": "events.amazonaws.com"}, "sqs:SendMessage")
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": "ListArrived.Arn"}}}


def test_the_name_of_the_inbox_in_the_rights_is_the_one_it_has() -> None:
    """It stands there in full, since a reference would be a circle."""
    ids = [
        resource["Fn::Sub"][1]["Id"]
        for policy in RESOURCES["S3FunctionRole"]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        for resource in [statement["Resource"]]
        if isinstance(resource.get("Fn::Sub"), list)
    ]
    prefix, made_of = RESOURCES["InboxBucket"]["Properties"]["BucketName"]["Fn::Join"][1]
    assert (prefix, ids) == ("image-intake-inbox", [made_of, made_of])

"""The template has no cycle of references, neither as it is written nor after the SAM transform.

`sam validate` does not find cycles, and a deployment fails with one only after minutes.
"""

import pytest
from infra.build.template_file import load

from support.transformed_template import find_cycle, transform


def test_template_has_no_cycle() -> None:
    assert find_cycle(load()) == []


def test_template_has_no_cycle_after_the_transform() -> None:
    transformed = transform(load())

    assert "S3FunctionOneFilePermission" in transformed["Resources"]
    assert find_cycle(transformed) == []


@pytest.mark.parametrize("where", ["role", "variable"])
def test_cycle_is_found_when_the_inbox_is_referenced_instead_of_named(where: str) -> None:
    """The cycle: bucket, notification, function, role or variables, bucket."""
    template = load()
    if where == "role":
        statement = template["Resources"]["S3FunctionRole"]["Properties"]["Policies"][1]["PolicyDocument"]["Statement"][
            0
        ]
        statement["Resource"] = {"Fn::Sub": "${InboxBucket.Arn}/inbox/*"}
    else:
        template["Globals"]["Function"]["Environment"]["Variables"]["INBOX_BUCKET"] = {"Ref": "InboxBucket"}

    assert {"InboxBucket", "S3Function"} <= set(find_cycle(transform(template)))


def test_sam_adds_no_role() -> None:
    after = transform(load())["Resources"]
    before = load()["Resources"]

    roles = {name for name, resource in after.items() if resource["Type"] == "AWS::IAM::Role"}
    assert roles == {name for name, resource in before.items() if resource["Type"] == "AWS::IAM::Role"}


def test_every_log_group_has_limited_retention() -> None:
    after = transform(load())["Resources"]

    groups = {name: resource for name, resource in after.items() if resource["Type"] == "AWS::Logs::LogGroup"}
    functions = [resource for resource in after.values() if resource["Type"] == "AWS::Lambda::Function"]
    used = [function["Properties"]["LoggingConfig"]["LogGroup"]["Ref"] for function in functions]
    assert all(group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"} for group in groups.values())
    assert sorted(used) == sorted({*groups} - {"ApiLogs"})

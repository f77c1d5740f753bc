"""Revokes one permission of a deployed role for a while."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from support.deployed_lab import SOURCE_BUCKETS, Lab

type Put = Callable[[dict[str, Any]], object]


@contextmanager
def revoked_right(lab: Lab, role: str, right: str) -> Iterator[None]:
    """Revoke a permission such as "s3:PutObject ImageBucket/images/*" until the end of the block.

    Raises:
        AssertionError: not exactly one policy of the role has the permission.
    """
    iam = lab.stack.aws.client("iam")
    name = next(one["RoleName"] for one in iam.list_roles()["Roles"] if f"-{role}-" in one["RoleName"])
    action, _, resource = right.partition(" if ")[0].partition(" ")
    undo = []
    for document, put in [*_inline_policies(iam, name), *_attached_policies(iam, name)]:
        before = list(_split_statements(document))
        after = [
            one for one in before if not (one["Action"] == action and _is_resource(lab, resource, one["Resource"]))
        ]
        if after != before:
            undo.append((document, put))
            put({**document, "Statement": after or [_useless_statement()]})
    try:
        assert len(undo) == 1, f"{len(undo)} policies of {role} have {right}, expected one"
        yield
    finally:
        for document, put in undo:
            put(document)


def _split_statements(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Split a policy into statements of one action on one resource."""
    for statement in document["Statement"]:
        for action in _as_list(statement["Action"]):
            for resource in _as_list(statement["Resource"]):
                yield {**statement, "Action": action, "Resource": resource}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _useless_statement() -> dict[str, Any]:
    """Allow something that does not exist: a policy cannot be empty."""
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::nowhere/nothing"}


def _is_resource(lab: Lab, resource: str, arn: str) -> bool:
    """Whether an ARN is that of a resource of the template."""
    names = {"ImageBucket": lab.stack.bucket, "InboxBucket": lab.stack.inbox}
    first, slash, rest = resource.removeprefix("arn:${AWS::Partition}:s3:::").partition("/")
    if first.startswith("image-intake-inbox"):
        first = "InboxBucket"
    if first == "FileQueue":  # its name is made from the id of the stack
        return ":image-intake-files-" in arn
    if first in SOURCE_BUCKETS:
        return arn == f"arn:aws:s3:::{first}/*"
    if first in names:
        return arn == f"arn:aws:s3:::{names[first]}{slash}{rest}"
    return first in re.split("[-/:]", arn)


def _inline_policies(iam: Any, role: str) -> Iterator[tuple[dict[str, Any], Put]]:
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:

        def put(document: dict[str, Any], name: str = name) -> None:
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))

        yield iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"], put


def _attached_policies(iam: Any, role: str) -> Iterator[tuple[dict[str, Any], Put]]:
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = policy["PolicyArn"]

        def put(document: dict[str, Any], arn: str = arn) -> None:
            before = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True)
            iam.delete_policy_version(PolicyArn=arn, VersionId=before)

        default = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
        yield iam.get_policy_version(PolicyArn=arn, VersionId=default)["PolicyVersion"]["Document"], put

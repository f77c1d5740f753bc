"""The rights of a deployed role, one of which is taken away for a while."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from e2e.conftest import Ground

type Put = Callable[[dict[str, Any]], object]


@contextmanager
def without(ground: Ground, role: str, right: str) -> Iterator[None]:
    """Take one right from a role, say "s3:PutObject ImageBucket/images/*", wherever it is given."""
    iam = ground.stack.aws.client("iam")
    name = next(one["RoleName"] for one in iam.list_roles()["Roles"] if f"-{role}-" in one["RoleName"])
    action, _, resource = right.partition(" if ")[0].partition(" ")
    undo = []
    for document, put in [*_inline(iam, name), *_attached(iam, name)]:
        every = list(_single(document))
        left = [one for one in every if not (one["Action"] == action and _is(ground, resource, one["Resource"]))]
        if left != every:
            undo.append((document, put))
            put({**document, "Statement": left or [_nothing()]})
    try:
        assert len(undo) == 1, f"{role} has not once {right}"
        yield
    finally:
        for document, put in undo:
            put(document)


def _single(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The statements of a policy, each for one action on one resource."""
    for statement in document["Statement"]:
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                yield {**statement, "Action": action, "Resource": resource}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _nothing() -> dict[str, Any]:
    """A statement that says nothing: a policy cannot be empty."""
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::nowhere/nothing"}


def _is(ground: Ground, resource: str, arn: str) -> bool:
    """Whether an ARN is what a resource of the template became."""
    names = {"ImageBucket": ground.stack.bucket, "InboxBucket": ground.stack.inbox}
    first, slash, rest = resource.removeprefix("arn:${AWS::Partition}:s3:::").partition("/")
    if first.startswith("image-intake-inbox"):
        first = "InboxBucket"
    if first in names:
        return arn == f"arn:aws:s3:::{names[first]}{slash}{rest}"
    return first in re.split("[-/:]", arn)


def _inline(iam: Any, role: str) -> Iterator[tuple[dict[str, Any], Put]]:
    for name in iam.list_role_policies(RoleName=role)["PolicyNames"]:

        def put(document: dict[str, Any], name: str = name) -> None:
            iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document))

        yield iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"], put


def _attached(iam: Any, role: str) -> Iterator[tuple[dict[str, Any], Put]]:
    for policy in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
        arn = policy["PolicyArn"]

        def default(arn: str = arn) -> str:
            version: str = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            return version

        def put(document: dict[str, Any], arn: str = arn) -> None:
            before = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
            iam.create_policy_version(PolicyArn=arn, PolicyDocument=json.dumps(document), SetAsDefault=True)
            iam.delete_policy_version(PolicyArn=arn, VersionId=before)

        version = iam.get_policy_version(PolicyArn=arn, VersionId=default())["PolicyVersion"]
        yield version["Document"], put

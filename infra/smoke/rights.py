"""Asks IAM whether the roles of the functions may do what they must not (SimulatePrincipalPolicy)."""

from collections.abc import Iterator

from botocore.exceptions import ClientError

from infra.smoke.check import Check, CheckFailed, raise_unless_denied
from infra.smoke.deployed import Deployed

_ALLOWED = "allowed"
_NAME = "smoke"
_SHOWN = 4
"""Rights that the table shows."""


def rights_check(deployed: Deployed) -> Check:
    """Return the check of the roles."""
    return Check("rights", lambda: _check(deployed))


def forbidden_rights(deployed: Deployed) -> dict[str, tuple[str, ...]]:
    """Return actions that no function of the stack needs, by the resource that they are tried on."""
    partition, account, region = _identify(deployed)
    images, inbox = f"arn:{partition}:s3:::{deployed.images}", f"arn:{partition}:s3:::{deployed.inbox}"
    own_function = f"arn:{partition}:lambda:{region}:{account}:function:{deployed.outputs['HttpFunctionName']}"
    return {
        f"{images}/images/{_NAME}": ("s3:DeleteObject", "s3:PutObjectAcl", "s3:DeleteObjectVersion"),
        f"{images}/other/{_NAME}": ("s3:GetObject", "s3:PutObject"),
        images: ("s3:PutBucketPolicy", "s3:DeleteBucket", "s3:PutLifecycleConfiguration"),
        f"{inbox}/bulk/{_NAME}": ("s3:PutObject", "s3:DeleteObject"),
        f"{inbox}/inbox/{_NAME}": ("s3:DeleteObject",),
        f"arn:{partition}:s3:::{_NAME}-another-bucket/{_NAME}": ("s3:GetObject", "s3:PutObject"),
        own_function: ("lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration"),
        f"arn:{partition}:iam::{account}:role/{_NAME}": ("iam:PassRole", "sts:AssumeRole", "iam:PutRolePolicy"),
        f"arn:{partition}:secretsmanager:{region}:{account}:secret:{_NAME}": ("secretsmanager:GetSecretValue",),
    }


def _check(deployed: Deployed) -> str:
    try:
        roles = _read_roles(deployed)
        excess = list(_find_allowed(deployed, roles))
    except ClientError as error:
        raise_unless_denied(error)
    if excess:
        more = f"; and {len(excess) - _SHOWN} more" if len(excess) > _SHOWN else ""
        raise CheckFailed(
            f"Roles may do what no function needs: {'; '.join(excess[:_SHOWN])}{more}.",
            "Somebody added permissions to these roles. Remove them.",
        )
    return f"{len(roles)} roles"


def _read_roles(deployed: Deployed) -> dict[str, str]:
    """Return the ARN of the role of each function that exists."""
    roles = {}
    for function, name in deployed.functions().items():
        try:
            roles[function] = deployed.lambda_.get_function_configuration(FunctionName=name)["Role"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
    return roles


def _find_allowed(deployed: Deployed, roles: dict[str, str]) -> Iterator[str]:
    for function, role in roles.items():
        for resource, actions in forbidden_rights(deployed).items():
            response = deployed.iam.simulate_principal_policy(
                PolicySourceArn=role, ActionNames=list(actions), ResourceArns=[resource]
            )
            for result in response["EvaluationResults"]:
                if result["EvalDecision"] == _ALLOWED:
                    yield f"{function}: {result['EvalActionName']} on {resource}"


def _identify(deployed: Deployed) -> tuple[str, str, str]:
    """Return partition, account and region of the stack, from the ARN of its state machine."""
    _, partition, _, region, account, *_ = deployed.stack.machine.split(":")
    return partition, account, region

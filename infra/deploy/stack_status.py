"""Checks the status of a stack before a deployment: in some states, CloudFormation refuses every update."""

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy.account import CONFIG

_MUST_BE_DELETED = {
    "ROLLBACK_COMPLETE": "its first deployment failed",
    "ROLLBACK_FAILED": "its first deployment failed",
    "DELETE_FAILED": "its deletion failed",
}
"""States in which a stack can only be deleted, and what happened (CloudFormation User Guide, "Stack status codes")."""


class StackStatusError(Exception):
    """The stack cannot be updated in its state; the text says why and what to do."""


def check_stack_status(stack: str) -> None:
    """Check that there is no such stack, or that CloudFormation can update it. What cannot be read is left to sam.

    Args:
        stack: the name of the stack.

    Raises:
        StackStatusError: the stack has to be deleted or repaired first, or another deployment runs.
    """
    status = _read_status(stack)
    if what := _MUST_BE_DELETED.get(status):
        raise StackStatusError(
            f"The stack {stack} cannot be updated, because {what} ({status}). This shows the reasons:\n"
            f"  aws cloudformation describe-stack-events --stack-name {stack} --output text \\\n"
            "    --query 'StackEvents[?ends_with(ResourceStatus, `FAILED`)].[LogicalResourceId,ResourceStatusReason]'\n"
            "Then delete it, and deploy again. The buckets that it made stay:\n"
            f"  .local/sam/bin/sam delete --stack-name {stack}"
        )
    if status == "UPDATE_ROLLBACK_FAILED":
        raise StackStatusError(
            f"The stack {stack} cannot be updated, because its last update was not undone ({status}). Undo it first:\n"
            f"  aws cloudformation continue-update-rollback --stack-name {stack}"
        )
    if status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS":  # that one is a stack without resources
        raise StackStatusError(f"The stack {stack} is being changed ({status}). Deploy when that has ended.")


def _read_status(stack: str) -> str:
    """Return the status of the stack; empty if there is none, or it cannot be read."""
    try:
        [described] = boto3.Session().client("cloudformation", config=CONFIG).describe_stacks(StackName=stack)["Stacks"]
    except (ClientError, BotoCoreError):
        return ""
    return str(described["StackStatus"])

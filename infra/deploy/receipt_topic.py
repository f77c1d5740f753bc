"""Checks `ReceiptTopic=on` before a deployment: it needs a stack whose topic has its policy already.

When a notification is set, S3 sends a test message to the topic, and refuses the notification if the topic's policy
forbids that. The policy names the bucket, so CloudFormation creates it after the bucket.
"""

from collections.abc import Mapping

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.deploy.account import CONFIG

OUTPUT = "ReceiptTopicArn"
"""A stack has this output once a template with the topic and its policy is deployed."""


class TopicError(Exception):
    """The stack cannot be deployed with ReceiptTopic=on; the text says why and what to do."""


def check_receipt_topic(stack: str, parameters: Mapping[str, str]) -> None:
    """Check that S3 will accept the notification, if the parameters ask for it.

    Args:
        stack: the name of the stack.
        parameters: those that sam gets.

    Raises:
        TopicError: the stack has no topic policy yet, cannot be read, or does not own the bucket.
    """
    if parameters.get("ReceiptTopic") != "on":
        return
    if parameters.get("ExistingImageBucket"):
        raise TopicError(
            "ReceiptTopic=on is for the bucket of the stack. Set the notification of your own bucket yourself:\n"
            "docs/events.md shows how (Use a bucket of your own)."
        )
    if not _has_topic(stack):
        raise TopicError(
            f"ReceiptTopic=on needs the policy of the topic, which the stack {stack} does not have yet: S3 refuses to\n"
            "notify a topic that does not allow it, and the policy can be created only after the bucket.\n"
            "Deploy twice: first without ReceiptTopic=on, then with it."
        )


def _has_topic(stack: str) -> bool:
    """Whether the deployed stack has the topic and its policy."""
    try:
        [described] = boto3.Session().client("cloudformation", config=CONFIG).describe_stacks(StackName=stack)["Stacks"]
    except ClientError as error:
        details = error.response["Error"]
        if details.get("Code") == "ValidationError":  # there is no such stack
            return False
        raise TopicError(f"The stack {stack} cannot be read: {details.get('Message')}") from error
    except BotoCoreError as error:
        raise TopicError(f"The stack {stack} cannot be read: {error}") from error
    return any(output["OutputKey"] == OUTPUT for output in described.get("Outputs", []))

"""Finds and removes messages of the run in queues, and leaves those of others there."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.smoke.check import Check, CheckFailed
from infra.smoke.smoke_context import SmokeContext

_ROUNDS = 20
_MESSAGES = 10
"""Messages of one call, the most that SQS returns."""

_HIDDEN_SECONDS = 30
_MAX_REASON = 300
QUEUES = {"FailureQueueUrl": "failure queue", "FailedFilesQueueUrl": "queue of failed Files"}
"""Queues of what failed, by their output. Nothing reads them, so that receiving a message has no consequence."""


@dataclass(frozen=True, slots=True)
class OwnMessages:
    """Messages of the run that were in a queue.

    Attributes:
        bodies: the bodies of those that were removed.
        is_complete: whether every message of the queue was looked at.
    """

    bodies: list[str]
    is_complete: bool


def failure_queue_check(context: SmokeContext) -> Check:
    """Return the check that no message of the run is in a queue of what failed."""
    return Check("failure queues", lambda: _check(context))


def _check(context: SmokeContext) -> str:
    notes, found = [], []
    for output, name in QUEUES.items():
        if url := context.deployed.outputs.get(output):
            own = remove_own_messages(context.deployed.sqs, url, context.file.run)
            found += [f"{name}: {_describe_failure(body)}" for body in own.bodies]
            notes += [] if own.is_complete else [f"{name}: only {_ROUNDS * _MESSAGES} messages were looked at"]
    if found:
        raise CheckFailed(
            f"Messages of this run, which are removed now: {'; '.join(found)}",
            "The rows of the entry points above say what failed.",
        )
    return "; ".join(notes)


def _describe_failure(body: str) -> str:
    """Return which function failed and why, or the beginning of a message that is no record of Lambda.

    Lambda Developer Guide, "Retaining records of asynchronous invocations": the record of an on-failure destination.
    """
    match _read_json(body):
        case {"requestContext": {"functionArn": str(arn), "condition": str(condition)}, **record}:
            error = record.get("responsePayload")
            reason = f"{error.get('errorType')}: {error.get('errorMessage')}" if isinstance(error, dict) else condition
            return f"{arn.rpartition(':function:')[2]}: {reason}"[:_MAX_REASON]
    return body[:_MAX_REASON]


def _read_json(body: str) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None


def remove_own_messages(sqs: Any, url: str, run: str) -> OwnMessages:  # noqa: ANN401 - boto3 creates its classes
    """Remove the messages that contain the name of the run, and make the others visible again."""
    return _receive(sqs, url, lambda message: run in message["Body"], _ROUNDS)


def _receive(sqs: Any, url: str, is_own: Callable[[Mapping[str, Any]], bool], rounds: int) -> OwnMessages:  # noqa: ANN401 - the same
    bodies: list[str] = []
    others: list[str] = []
    is_complete = False
    try:
        for _ in range(rounds):
            messages = _receive_some(sqs, url)
            if not messages:
                is_complete = True
                break
            own = [message for message in messages if is_own(message)]
            others += [message["ReceiptHandle"] for message in messages if message not in own]
            for message in own:
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                bodies.append(message["Body"])
    finally:
        for handle in others:
            sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)
    return OwnMessages(bodies, is_complete)


def _receive_some(sqs: Any, url: str) -> list[dict[str, Any]]:  # noqa: ANN401 - the same
    response = sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=_MESSAGES, VisibilityTimeout=_HIDDEN_SECONDS, WaitTimeSeconds=1
    )
    messages: list[dict[str, Any]] = response.get("Messages", [])
    return messages


def remove_from_file_queue(context: SmokeContext) -> str:
    """Remove the message of the run from the queue of Files, if nothing reads the queue.

    Receiving a message brings it closer to the queue of failed Files: messages are only received if no other waits.

    Returns:
        What could not be removed; empty if nothing is left.
    """
    url = context.deployed.outputs["FileQueueUrl"]
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    counts = context.deployed.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    if counts["ApproximateNumberOfMessages"] == "1":
        own = _receive(context.deployed.sqs, url, lambda message: context.file.run in message["Body"], 1)
        if own.bodies:
            return ""
    file_id = context.file.id_of("queue")
    return (
        f"the message of {file_id} in the queue {url}: once delivered, it leaves receipts/{file_id}.json; if it "
        "comes too often, it is in the queue of failed Files"
    )

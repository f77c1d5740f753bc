"""The queue of Files of the deployed stack: sends messages, and changes how soon they come again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from support.deployed_lab import Lab, wait_for


def send(lab: Lab, *documents: object) -> list[str]:
    """Send messages, a text as it is and other documents as JSON; return their ids."""
    queue = lab.stack.aws.client("sqs")
    bodies = [document if isinstance(document, str) else json.dumps(document) for document in documents]
    return [queue.send_message(QueueUrl=lab.stack.file_queue, MessageBody=body)["MessageId"] for body in bodies]


def receive_all(lab: Lab, url: str) -> list[dict[str, Any]]:
    """Receive and delete the messages of a queue."""
    queue = lab.stack.aws.client("sqs")
    found: list[dict[str, Any]] = []
    while messages := queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        for message in messages:
            queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        found += messages
    return found


def count_messages(lab: Lab, url: str) -> int:
    """Count the messages of a queue, hidden ones included."""
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    found = lab.stack.aws.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    return sum(int(found[name]) for name in names)


def wait_until_empty(lab: Lab) -> None:
    """Wait until every message is done, or in the queue of failed Files."""
    wait_for(lambda: count_messages(lab, lab.stack.file_queue) == 0, seconds=60)


def failed_messages(lab: Lab) -> dict[str, str]:
    """Read the first ten messages of the queue of failed Files, which stay there: their bodies by their ids."""
    queue = lab.stack.aws.client("sqs")
    found = queue.receive_message(QueueUrl=lab.stack.failed_files, MaxNumberOfMessages=10, VisibilityTimeout=0)
    return {message["MessageId"]: message["Body"] for message in found.get("Messages", [])}


@contextmanager
def fast_redelivery(lab: Lab, seconds: int = 3) -> Iterator[None]:
    """Let messages come again after some seconds, in place of six minutes, until the end of the block.

    The time is longer than a delivery on a busy machine: what comes again during one is delivered twice at once.
    """
    queue = lab.stack.aws.client("sqs")

    def set_timeout(timeout: int) -> None:
        queue.set_queue_attributes(QueueUrl=lab.stack.file_queue, Attributes={"VisibilityTimeout": str(timeout)})

    set_timeout(seconds)
    try:
        yield
    finally:
        set_timeout(360)


@contextmanager
def paused_queue(lab: Lab) -> Iterator[None]:
    """Let messages wait until the end of the block, so that Lambda reads them together."""
    client = lab.stack.aws.client("lambda")
    sqs = lab.stack.aws.client("sqs")
    arn = sqs.get_queue_attributes(QueueUrl=lab.stack.file_queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    [mapping] = client.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)

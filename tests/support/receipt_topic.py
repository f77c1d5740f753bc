"""The topic of the deployed stack: subscribes queues to it."""

import json
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

from infra.local.deploy_template import STACK

from support.deployed_lab import Lab, wait_for

CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"]
QUIET_SECONDS = 1.0
"""Time to wait for a message too many. MiniStack sends a message at once."""


def describe_stack(lab: Lab, stack: str = STACK) -> dict[str, Any]:
    described: dict[str, Any] = lab.stack.aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return described


def wait_for_status(lab: Lab, stack: str = STACK) -> str:
    """Wait until the stack does not change any more, and return its status."""

    def poll() -> str | None:
        status = str(describe_stack(lab, stack)["StackStatus"])
        return None if status.endswith("IN_PROGRESS") else status

    return wait_for(poll)


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue of the local AWS, and the messages that it receives.

    Attributes:
        sqs: a client.
        url: of the queue.
    """

    sqs: Any
    url: str

    def receive(self) -> list[str]:
        """Receive and delete every message; return the bodies."""
        bodies: list[str] = []
        while found := self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=10).get("Messages"):
            bodies += [message["Body"] for message in found]
            for message in found:
                self.sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return bodies

    def wait_for_messages(self, count: int) -> list[str]:
        """Wait for so many messages, and a moment for one too many; return the bodies."""
        bodies: list[str] = []

        def poll() -> bool:
            bodies.extend(self.receive())
            return len(bodies) >= count

        wait_for(poll)
        time.sleep(QUIET_SECONDS)
        return bodies + self.receive()


def subscribe_queue(lab: Lab, topic: str, name: str, **attributes: str) -> Queue:
    """Create a queue and subscribe it to the topic, with the attributes of the subscription."""
    sqs = lab.stack.aws.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    lab.stack.aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    return Queue(sqs, url)


def keys_of(message: str) -> list[str]:
    """Return the keys that a message of S3 names."""
    return [record["s3"]["object"]["key"] for record in json.loads(message)["Records"]]


def count_keys(messages: list[str]) -> Counter[str]:
    return Counter(key for message in messages for key in keys_of(message))

"""Tries the queue of Files: a message with a File, and the function with a message that is none.

The message that is no File is not sent to the queue. SQS would deliver it five times, six minutes apart, and the alarm
of the queue of failed Files would start half an hour after the run. The function gets it in an event instead.
"""

import json
import time
from typing import Any

from infra.smoke.attempt import Attempt
from infra.smoke.check import Check, CheckFailed, CheckSkipped
from infra.smoke.http_checks import describe_log
from infra.smoke.invoke_checks import describe_error, invoke
from intake.model.object_keys import receipt_key

FUNCTION = "Queue"
NAME = "queue"


def queue_checks(attempt: Attempt) -> list[Check]:
    """Return the check of a message in the queue."""
    return [Check("queue", lambda: _ingest(attempt))]


def queue_refusals(attempt: Attempt) -> list[Check]:
    """Return the checks of a message that is no File, and of the queue of failed Files."""
    return [Check("queue: refusals", lambda: _refuse(attempt))]


def _ingest(attempt: Attempt) -> str:
    url = _queue_url(attempt)
    file_id = attempt.file.id_of(NAME)
    expected = receipt_key(file_id)
    body = json.dumps(attempt.file.document(NAME))
    attempt.send(NAME, expected, lambda: attempt.deployed.sqs.send_message(QueueUrl=url, MessageBody=body))
    attempt.wait_for_receipt(NAME, expected)
    return ""


def _refuse(attempt: Attempt) -> str:
    url = _queue_url(attempt)
    message_id = attempt.file.invalid_id_of(NAME)
    body = json.dumps(attempt.file.invalid_document(NAME))
    event = {"Records": [_make_record(message_id, body, attempt.deployed.outputs["FileQueueArn"])]}
    answer, error = invoke(attempt, FUNCTION, event)
    if error or answer.get("batchItemFailures") != [{"itemIdentifier": message_id}]:
        found = describe_error(answer) if error else str(answer)[:300]
        raise CheckFailed(f"Expected that the message fails, got {found}", describe_log(attempt, FUNCTION))
    attempt.wait_for_problem(NAME)
    _check_redrive(attempt, url)
    return "its problem document is under problems/"


def _check_redrive(attempt: Attempt, url: str) -> None:
    found = attempt.deployed.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    policy = json.loads(found.get("Attributes", {}).get("RedrivePolicy") or "{}")
    expected = attempt.deployed.outputs["FailedFilesQueueArn"]
    if policy.get("deadLetterTargetArn") != expected:
        raise CheckFailed(
            f"Messages that fail go to {policy.get('deadLetterTargetArn')}, expected {expected}.",
            "Somebody changed the redrive policy of the queue. Deploy the stack again.",
        )


def find_fault_of_event_source(attempt: Attempt) -> str:
    """Return what keeps Lambda from reading the queue; empty if nothing does."""
    function, arn = attempt.deployed.functions()[FUNCTION], attempt.deployed.outputs["FileQueueArn"]
    found = attempt.deployed.lambda_.list_event_source_mappings(FunctionName=function, EventSourceArn=arn)
    sources = found["EventSourceMappings"]
    if not sources:
        return f"The function {function} has no event source for {arn}. Deploy the stack again."
    disabled = [source for source in sources if source["State"] not in {"Enabled", "Enabling", "Updating", "Creating"}]
    if not disabled:
        return ""
    uuid, state = disabled[0]["UUID"], disabled[0]["State"]
    return (
        f"The event source {uuid} of the queue is {state}. To enable it: "
        f"aws lambda update-event-source-mapping --uuid {uuid} --enabled"
    )


def _queue_url(attempt: Attempt) -> str:
    url = attempt.deployed.outputs.get("FileQueueUrl")
    if url is None:
        raise CheckSkipped("the stack has no output FileQueueUrl")
    return url


def _make_record(message_id: str, body: str, arn: str) -> dict[str, Any]:
    """Return a record as Lambda reads it from a queue (AWS Lambda, "Example Amazon SQS message event")."""
    now = str(int(time.time() * 1000))
    return {
        "messageId": message_id,
        "receiptHandle": message_id,
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": now,
            "SenderId": "smoke",
            "ApproximateFirstReceiveTimestamp": now,
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": arn,
        "awsRegion": arn.split(":")[3],
    }

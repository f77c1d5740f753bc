"""Tries the queue of Files: a message with a File, and the function with a message that is none.

The message that is no File is not sent to the queue. SQS would deliver it five times, six minutes apart, and the alarm
of the queue of failed Files would start half an hour after the run. The function gets it in an event instead.
"""

import json
import time
from typing import Any

from infra.smoke.check import RESTORE, Check, CheckFailed, CheckSkipped
from infra.smoke.http_checks import describe_log
from infra.smoke.invoke_checks import describe_error, invoke
from infra.smoke.smoke_context import SmokeContext
from intake.model.object_keys import receipt_key

FUNCTION = "Queue"
NAME = "queue"


def queue_checks(context: SmokeContext) -> list[Check]:
    """Return the check of a message in the queue."""
    return [Check("queue", lambda: _ingest(context))]


def queue_refusals(context: SmokeContext) -> list[Check]:
    """Return the checks of a message that is no File, and of the queue of failed Files."""
    return [Check("queue: refusals", lambda: _refuse(context))]


def _ingest(context: SmokeContext) -> str:
    url = _queue_url(context)
    file_id = context.file.id_of(NAME)
    expected = receipt_key(file_id)
    body = json.dumps(context.file.document(NAME))
    context.send(NAME, expected, lambda: context.deployed.sqs.send_message(QueueUrl=url, MessageBody=body))
    context.wait_for_receipt(NAME, expected)
    return ""


def _refuse(context: SmokeContext) -> str:
    url = _queue_url(context)
    message_id = context.file.invalid_id_of(NAME)
    body = json.dumps(context.file.invalid_document(NAME))
    event = {"Records": [_make_record(message_id, body, context.deployed.outputs["FileQueueArn"])]}
    payload, error = invoke(context, FUNCTION, event)
    if error or payload.get("batchItemFailures") != [{"itemIdentifier": message_id}]:
        found = describe_error(payload) if error else str(payload)[:300]
        raise CheckFailed(f"Expected that the message fails, got {found}", describe_log(context, FUNCTION))
    context.wait_for_problem(NAME)
    _check_redrive(context, url)
    return "its problem document is under problems/"


def _check_redrive(context: SmokeContext, url: str) -> None:
    found = context.deployed.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"])
    policy = json.loads(found.get("Attributes", {}).get("RedrivePolicy") or "{}")
    expected = context.deployed.outputs["FailedFilesQueueArn"]
    if policy.get("deadLetterTargetArn") != expected:
        raise CheckFailed(
            f"Messages that fail go to {policy.get('deadLetterTargetArn')}, expected {expected}.",
            RESTORE,
        )


def find_fault_of_event_source(context: SmokeContext) -> CheckFailed | None:
    """Return what keeps Lambda from reading the queue; None if nothing does."""
    function, arn = context.deployed.functions()[FUNCTION], context.deployed.outputs["FileQueueArn"]
    found = context.deployed.lambda_.list_event_source_mappings(FunctionName=function, EventSourceArn=arn)
    sources = found["EventSourceMappings"]
    if not sources:
        return CheckFailed(f"The function {function} has no event source for {arn}.", RESTORE)
    disabled = [source for source in sources if source["State"] not in {"Enabled", "Enabling", "Updating", "Creating"}]
    if not disabled:
        return None
    uuid, state = disabled[0]["UUID"], disabled[0]["State"]
    command = f"aws lambda update-event-source-mapping --uuid {uuid} --enabled"
    return CheckFailed(f"The event source {uuid} of the queue is {state}.", f"Enable it: {command}")


def _queue_url(context: SmokeContext) -> str:
    url = context.deployed.outputs.get("FileQueueUrl")
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

"""The queue of Files, tried over SQS and Lambda in memory."""

import json
from types import SimpleNamespace
from typing import Any

import pytest
from infra.smoke.check import RESTORE, CheckFailed, CheckSkipped
from infra.smoke.queue_checks import find_fault_of_event_source, queue_checks, queue_refusals
from infra.smoke.smoke_context import SmokeContext

from support.smoke_fakes import QUEUE, RUN, FakeDeployed, FakeFunctions, context_of, functions_that_return

INVALID = f"{RUN}-queue-invalid"
ARN, DEAD = "arn:aws:sqs:eu-central-1:111122223333:files", "arn:aws:sqs:eu-central-1:111122223333:dead"
OUTPUTS = {"FileQueueUrl": QUEUE, "FileQueueArn": ARN, "FailedFilesQueueArn": DEAD}
PROBLEM = {"status": 422, "errors": [{"path": "fileUrl", "message": "must be a string"}]}
RETURNED = {"batchItemFailures": [{"itemIdentifier": INVALID}]}


def make_context(payload: object, *, redrives_to: str = DEAD, **client: Any) -> SmokeContext:
    policy = json.dumps({"deadLetterTargetArn": redrives_to})
    attributes = {"Attributes": {"RedrivePolicy": policy}}
    sqs = SimpleNamespace(get_queue_attributes=lambda **_: attributes, send_message=lambda **_: None)
    documents = {f"problems/{INVALID}.json": PROBLEM}
    lambda_ = functions_that_return(payload, **client)
    return context_of(FakeFunctions(outputs=OUTPUTS, documents=documents, sqs=sqs, lambda_=lambda_))


def test_message_that_is_no_file_fails_and_has_a_problem() -> None:
    tried = make_context(RETURNED)
    [refusal] = queue_refusals(tried)
    assert refusal.run() == "its problem document is under problems/"
    [(name, event)] = tried.deployed.lambda_.events
    [record] = event["Records"]
    assert (name, record["eventSourceARN"], record["awsRegion"]) == ("queue", ARN, "eu-central-1")
    assert json.loads(record["body"]) == {"id": INVALID, "fileUrl": 7}


@pytest.mark.parametrize(
    ("expected", "payload", "redrives_to"),
    [
        ("Expected that the message fails, got", {"batchItemFailures": []}, DEAD),
        ("Messages that fail go to arn:another, expected", RETURNED, "arn:another"),
    ],
)
def test_message_that_is_lost_later_is_described(expected: str, payload: object, redrives_to: str) -> None:
    [refusal] = queue_refusals(make_context(payload, redrives_to=redrives_to))
    with pytest.raises(CheckFailed) as failed:
        refusal.run()
    assert failed.value.found.startswith(expected)


def test_message_that_nothing_ingests_stays_pending() -> None:
    tried = make_context(None)
    [ingest] = queue_checks(tried)
    with pytest.raises(CheckFailed, match="none within 0 seconds"):
        ingest.run()
    assert list(tried.pending) == [f"receipts/{RUN}-queue.json"]


@pytest.mark.parametrize(
    ("found", "advice", "sources"),
    [
        (None, None, [{"UUID": "u", "State": "Enabled"}]),
        (None, None, [{"UUID": "u", "State": "Updating"}]),
        (
            "The event source u of the queue is Disabled.",
            "Enable it: aws lambda update-event-source-mapping --uuid u --enabled",
            [{"UUID": "u", "State": "Disabled"}],
        ),
        (f"The function queue has no event source for {ARN}.", RESTORE, []),
    ],
)
def test_event_source_that_does_not_read_the_queue_is_named(
    found: str | None, advice: str | None, sources: list[dict[str, str]]
) -> None:
    tried = make_context(None, list_event_source_mappings=lambda **_: {"EventSourceMappings": sources})
    fault = find_fault_of_event_source(tried)
    assert (fault and fault.found, fault and fault.advice) == (found, advice)


def test_stack_of_an_earlier_version_is_skipped() -> None:
    tried = context_of(FakeDeployed(outputs={}))
    for check in [*queue_checks(tried), *queue_refusals(tried)]:
        with pytest.raises(CheckSkipped, match="the stack has no output FileQueueUrl"):
            check.run()

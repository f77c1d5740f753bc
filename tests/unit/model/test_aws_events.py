"""`describe_event`: what AWS services send in place of a File, and Files that only look like it."""

import json
from typing import Any

import pytest
from infra.build.template_file import ROOT

from intake.model.aws_events import describe_event, describe_wrong_event, parse_time
from intake.model.file import File, InvalidFile

FILE = {"urls": ["https://a.example/1"]}
SNS = {"Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:eu-central-1:1:t", "Message": "{}"}
FAILED = {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": FILE, "responsePayload": {}}


def read_event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((ROOT / "tests" / "events" / f"{name}.json").read_text())
    return event


@pytest.mark.parametrize(
    ("expected", "event"),
    [
        ("is a request of API Gateway", read_event("http-post-file")),
        (
            "is a request of an HTTP API or a function URL",
            {"version": "2.0", "requestContext": {"http": {"method": "POST"}}},
        ),
        ("is an event of S3", read_event("s3-manifest")),
        ("is an event of SNS", {"Records": [{"EventSource": "aws:sns", "Sns": SNS}]}),
        ("is an event with Records", {"Records": [{"eventSource": "aws:kinesis", "kinesis": {}}]}),
        ("is an event of EventBridge", {"source": "aws.s3", "detail-type": "Object Created", "detail": {}}),
        ("is a notification of SNS with a message in it", SNS),
        ("is a notification of SNS with a message in it", SNS | {"Type": "SubscriptionConfirmation"}),
        ("is the test event of S3", {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}),
        ("is a batch of a bulk run", read_event("bulk-batch")),
        ("is the record of an event that failed", FAILED),
    ],
)
def test_event_is_described_and_is_the_only_fault(expected: str, event: dict[str, Any]) -> None:
    assert str(describe_event(event)).startswith(expected)
    with pytest.raises(InvalidFile) as caught:
        File.parse(event)
    assert [(fault.path, fault.message) for fault in caught.value.faults] == [("", describe_event(event))]


@pytest.mark.parametrize(
    "document",
    [{}, {"Records": []}, {"Records": "x"}, {"Records": [7]}, {"requestContext": {}}, {"detail": {}}, {"Items": []}],
)
def test_other_document_is_not_described(document: dict[str, Any]) -> None:
    assert describe_event(document) is None


@pytest.mark.parametrize("members", [SNS, FAILED, {"Records": [{"eventSource": "aws:s3"}]}])
def test_file_may_have_the_members_of_an_event(members: dict[str, Any]) -> None:
    assert len(File.parse(FILE | members).images) == 1
    with pytest.raises(InvalidFile, match="fileUrl: must be a string"):
        File.parse({"fileUrl": 7, "baseUrls": ["x"]} | members)


@pytest.mark.parametrize("event", [FILE, {}, [], None, "text", 7])
def test_wrong_event_names_the_expected_one(event: object) -> None:
    assert describe_wrong_event(event, "an event of S3").startswith("is not an event of S3: InvokeFunction takes")


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        ("2026-11-22T12:00:00.123000+00:00", "2026-11-22T12:00:00.123Z"),
        ("2026-11-22T12:00:00+02:00", "2026-11-22T12:00:00+02:00"),
        ("2026-11-22T12:00:00+00:00", "2026-11-22T12:00:00"),
        (None, "soon"),
        (None, ""),
        (None, None),
        (None, 1795953600),
        (None, ["2026-11-22T12:00:00Z"]),
    ],
)
def test_time_of_an_event_has_a_time_zone(expected: str | None, text: object) -> None:
    moment = parse_time(text)
    assert expected == (moment and moment.isoformat())

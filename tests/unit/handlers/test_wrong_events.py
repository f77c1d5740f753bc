"""Events that were sent to the wrong function: whatever they are, the error says what the function takes."""

import json
from collections.abc import Callable

import pytest

from intake.handlers import http, queue, s3, summary
from intake.model.file import InvalidFile
from support.handler_fakes import install_fakes
from support.lambda_context import Context
from support.lambda_events import s3_record, sqs_event

FILE = {"urls": ["https://a.example/1"]}
NOTIFICATION = {"EventSource": "aws:sns", "Sns": {"Type": "Notification", "TopicArn": "arn", "Message": "{}"}}
REQUEST = {"httpMethod": "POST", "path": "/files", "headers": {}, "requestContext": {}, "body": json.dumps(FILE)}
EVENTS: dict[str, tuple[object, str | None]] = {
    "nothing": (None, None),
    "number": (7, None),
    "boolean": (True, None),
    "text": ("httpMethod Records run", None),
    "list": ([FILE], None),
    "file": (FILE, None),
    "warmer": ({"warmer": True}, None),
    "null records": ({"Records": None}, None),
    "no records": ({"Records": []}, None),
    "numbers as records": ({"Records": [7]}, None),
    "records in an object": ({"Records": {"s3": {}}}, None),
    "sns": ({"Records": [NOTIFICATION]}, "is an event of SNS"),
    "kinesis": ({"Records": [{"eventSource": "aws:kinesis", "kinesis": {}}]}, "is an event with Records"),
    "eventbridge": ({"source": "aws.s3", "detail-type": "Object Created", "detail": {}}, "is an event of EventBridge"),
    "sqs": (sqs_event(json.dumps(FILE)), "is an event of SQS"),
    "s3": ({"Records": [s3_record("inbox/a.json")]}, "is an event of S3"),
    "api gateway": (REQUEST, "is a request of API Gateway"),
    "http api": ({"rawPath": "/files", "requestContext": {"http": {"method": "POST"}}}, "is a request of an HTTP API"),
    "request without a path": ({"httpMethod": "POST", "body": "{}"}, None),
    "request without a method": ({"httpMethod": None, "path": "/files"}, None),
    "request with a list as context": ({"httpMethod": "GET", "path": "/files/a", "requestContext": []}, None),
    "run without a start": ({"run": "run-1"}, None),
    "run that started some time": ({"run": "run-1", "startedAt": "soon"}, None),
    "run without a name": ({"run": None, "startedAt": "2026-11-22T12:00:00Z"}, None),
}
FUNCTIONS: dict[str, tuple[Callable[..., object], str]] = {
    "api gateway": (http.handler, "a request of API Gateway, with httpMethod and path"),
    "s3": (s3.handler, "an event of S3"),
    "sqs": (queue.handler, "an event of SQS"),
    "summary": (summary.handler, "the end of a bulk run"),
}
CASES = [(name, event) for name in FUNCTIONS for event in EVENTS if event != name]


@pytest.mark.parametrize(("name", "event"), CASES)
def test_handler_names_what_it_takes_when_the_event_is_another(
    monkeypatch: pytest.MonkeyPatch, name: str, event: str
) -> None:
    (handler, expected), (document, found) = FUNCTIONS[name], EVENTS[event]
    with install_fakes(monkeypatch) as fakes, pytest.raises(InvalidFile) as caught:
        handler(document, Context(60.0))
    assert str(caught.value).startswith(found or f"is not {expected}: InvokeFunction takes a File by itself")
    assert not fakes.store.objects

"""A deployed stack in memory, for the unit tests of `make smoke`: buckets, queues, alarms and roles."""

import io
import json
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError
from infra.smoke.pictures import Picture
from infra.smoke.smoke_context import SmokeContext
from infra.smoke.smoke_file import SmokeFile
from infra.smoke.waiter import Waiter

RUN = "smoke-1a2b3c4d"
QUEUE = "https://sqs.example/files"
PICTURES = [Picture("whole.jpg", "jpeg", b"whole"), Picture("truncated.jpg", "jpeg", b"trunc", is_whole=False)]
FILE = SmokeFile(RUN, PICTURES, [f"https://inbox.example/smoke/{picture.name}" for picture in PICTURES])


def aws_error(code: str, operation: str = "AnyCall") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no."}}, operation)


@dataclass
class FakeS3:
    """Buckets that keep versions or not. An object is a key with a version.

    Attributes:
        objects: the versions of each key by bucket; a delete marker is a version too.
        keeps_versions: whether a deletion adds a marker.
        denied: names of calls that are denied.
        locked: keys that cannot be deleted.
    """

    objects: dict[str, list[tuple[str, str]]]
    keeps_versions: bool = False
    denied: set[str] = field(default_factory=set)
    locked: set[str] = field(default_factory=set)

    def get_paginator(self, name: str) -> Any:
        if name in self.denied:
            raise aws_error("AccessDenied", name)
        return _Pages(self, "Versions" if name == "list_object_versions" else "Contents")

    def delete_objects(self, Bucket: str, Delete: Any) -> dict[str, Any]:  # noqa: N803 - the names of boto3
        errors, deleted = [], []
        for one in Delete["Objects"]:
            if one["Key"] in self.locked:
                errors.append({"Key": one["Key"], "Code": "AccessDenied"})
            elif "VersionId" in one:
                self.objects[Bucket].remove((one["Key"], one["VersionId"]))
            elif self.keeps_versions:
                self.objects[Bucket].append((one["Key"], "marker"))
                deleted.append({"Key": one["Key"], "DeleteMarker": True})
            else:
                self.objects[Bucket] = [found for found in self.objects[Bucket] if found[0] != one["Key"]]
        return {"Errors": errors, "Deleted": deleted}


@dataclass
class _Pages:
    s3: FakeS3
    member: str

    def paginate(self, Bucket: str, Prefix: str) -> list[dict[str, Any]]:  # noqa: N803 - the names of boto3
        found = [one for one in self.s3.objects[Bucket] if one[0].startswith(Prefix)]
        return [{self.member: [{"Key": key, "VersionId": version} for key, version in found]}, {}]


@dataclass
class FakeQueues:
    """Queues, whose messages are hidden when they are received."""

    messages: dict[str, list[str]]
    hidden: dict[str, list[str]] = field(default_factory=dict)
    calls: int = 0

    def receive_message(self, QueueUrl: str, MaxNumberOfMessages: int, **_: int) -> dict[str, Any]:  # noqa: N803 - the names of boto3
        self.calls += 1
        taken = self.messages[QueueUrl][:MaxNumberOfMessages]
        del self.messages[QueueUrl][:MaxNumberOfMessages]
        self.hidden.setdefault(QueueUrl, []).extend(taken)
        return {"Messages": [{"Body": body, "ReceiptHandle": body} for body in taken]} if taken else {}

    def delete_message(self, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803 - the same
        self.hidden[QueueUrl].remove(ReceiptHandle)

    def change_message_visibility(self, QueueUrl: str, ReceiptHandle: str, VisibilityTimeout: int) -> None:  # noqa: N803 - the same
        assert VisibilityTimeout == 0
        self.hidden[QueueUrl].remove(ReceiptHandle)
        self.messages[QueueUrl].append(ReceiptHandle)

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:  # noqa: N803 - the same
        visible = str(len(self.messages[QueueUrl]))
        return {
            "Attributes": {name: visible if name == "ApproximateNumberOfMessages" else "0" for name in AttributeNames}
        }


@dataclass
class FakeDeployed:
    """A stack.

    Attributes:
        documents: the JSON objects of the image bucket.
        roles: the role of each function that exists.
    """

    name: str = "dev"
    images: str = "the-images"
    inbox: str = "the-inbox"
    outputs: dict[str, str] = field(default_factory=lambda: {"HttpFunctionName": "http", "FileQueueUrl": QUEUE})
    variables: dict[str, str] = field(default_factory=dict)
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    s3: Any = None
    sqs: Any = None
    lambda_: Any = None
    iam: Any = None
    cloudformation: Any = None
    cloudwatch: Any = None
    stack: Any = None

    def read_document(self, key: str) -> dict[str, Any] | None:
        return self.documents.get(key)

    def functions(self) -> dict[str, str]:
        return {"Http": "http"}


class FakeFunctions(FakeDeployed):
    """A stack with the functions for invocations and for the queue."""

    def functions(self) -> dict[str, str]:
        return {"Invoke": "invoke", "Queue": "queue"}


def functions_that_return(payload: object, error: str = "", **client: Any) -> Any:
    """Return a client of Lambda, whose functions return the same payload for each event. It keeps the events."""
    events: list[tuple[str, Any]] = []

    def invoke(FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - the names of boto3
        events.append((FunctionName, json.loads(Payload)))
        failed = {"FunctionError": error} if error else {}
        return {"Payload": io.BytesIO(json.dumps(payload).encode()), **failed}

    return SimpleNamespace(invoke=invoke, events=events, **client)


def context_of(deployed: FakeDeployed) -> SmokeContext:
    return SmokeContext(deployed, FILE, Waiter(0))  # type: ignore[arg-type]  # it has what the checks use

"""The rights of the invoke function and of the queue function, each with a call that needs it."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from infra.local.deploy_template import to_json_bytes

from support.deployed_lab import Lab, wait_for
from support.file_queue import count_messages, fast_redelivery, send
from support.known_images_lab import new_seed, serve_image

_INGESTED = "ingested, deleted"


def new_document(lab: Lab, name: str) -> dict[str, object]:
    """Return a URL list with a new image: a function does not store again what it stored a short time ago."""
    lab.origin.responders["image"] = serve_image
    return {"id": name, "urls": [lab.origin.url(f"image/{new_seed()}")]}


def codes_of(receipt: dict[str, Any]) -> list[str]:
    """Return the codes of the images that failed."""
    return [image["error"]["code"] for image in receipt["images"] if "error" in image]


def invoke_with_file(lab: Lab) -> str:
    """Invoke the function with a File; return the status, the codes of failed images, and whether it has a receipt."""
    receipt = json.loads(lab.invoke("InvokeFunction", to_json_bytes(new_document(lab, "r-invoke")))["Payload"].read())
    without = ["without receipt"] if receipt["receiptKey"] is None else []
    return " ".join([receipt["status"], *codes_of(receipt), *without])


def deliver_file(lab: Lab) -> str:
    """Deliver a message whose File has no receipt yet."""
    lab.s3.delete_object(Bucket=lab.stack.bucket, Key="receipts/r-message.json")
    return deliver_file_again(lab)


def deliver_file_again(lab: Lab) -> str:
    """Deliver a message whose receipt of an earlier request must be read before it is replaced."""
    result = _deliver(lab, new_document(lab, "r-message"))
    codes = [code for key in lab.objects("receipts/r-message.json") for code in codes_of(lab.json(key))]
    return " ".join([result, *codes])


def deliver_something_else(lab: Lab) -> str:
    """Deliver a message that is no File."""
    lab.s3.delete_object(Bucket=lab.stack.bucket, Key="problems/r-message.json")
    _deliver(lab, "no File")
    return "a problem" if lab.objects("problems/r-message.json") else "no problem"


def _deliver(lab: Lab, body: object) -> str:
    """Invoke the queue function with a message, and return whether it comes again."""
    attributes = {"SentTimestamp": "0", "ApproximateReceiveCount": "1"}
    record = {"messageId": "r-message", "body": json.dumps(body), "attributes": attributes, "eventSource": "aws:sqs"}
    result = lab.invoke("QueueFunction", to_json_bytes({"Records": [record]}))
    return "comes again" if json.loads(result["Payload"].read())["batchItemFailures"] else "done"


def send_message(lab: Lab) -> str:
    """Send a message; return whether it was ingested, and whether it was deleted then."""
    name = f"r-{uuid4()}"
    with fast_redelivery(lab):
        send(lab, new_document(lab, name))
        is_ingested = _happens(lambda: bool(lab.objects(f"receipts/{name}.json")))
        is_deleted = _happens(lambda: count_messages(lab, lab.stack.file_queue) == 0)
    lab.stack.aws.client("sqs").purge_queue(QueueUrl=lab.stack.file_queue)
    return f"{'ingested' if is_ingested else 'not read'}, {'deleted' if is_deleted else 'still there'}"


def _happens(condition: Callable[[], bool]) -> bool:
    try:
        return wait_for(condition, seconds=5)
    except AssertionError:
        return False


NEEDED_FOR_INVOKE_AND_QUEUE: list[tuple[str, str, str, str, Callable[[Lab], str]]] = [
    ("InvokeFunctionRole", "s3:PutObject ImageBucket/images/*", "stored", "failed store_denied", invoke_with_file),
    ("InvokeFunctionRole", "s3:PutObject ImageBucket/receipts/*", "stored", "stored without receipt", invoke_with_file),
    ("QueueFunctionRole", "s3:PutObject ImageBucket/images/*", "done", "done store_denied", deliver_file),
    ("QueueFunctionRole", "s3:PutObject ImageBucket/receipts/*", "done", "comes again", deliver_file),
    ("QueueFunctionRole", "s3:GetObject ImageBucket/receipts/*", "done", "comes again", deliver_file_again),
    ("QueueFunctionRole", "s3:PutObject ImageBucket/problems/*", "a problem", "no problem", deliver_something_else),
    ("QueueFunctionRole", "sqs:ReceiveMessage FileQueue", _INGESTED, "not read, still there", send_message),
    ("QueueFunctionRole", "sqs:GetQueueAttributes FileQueue", _INGESTED, "not read, still there", send_message),
    ("QueueFunctionRole", "sqs:DeleteMessage FileQueue", _INGESTED, "ingested, still there", send_message),
]
"""For each right of a role: what a call returns with it, the beginning of what it returns without it, and the call."""

"""Asynchronous requests, end to end: 202 at once, then the S3 function ingests the File and stores its receipt."""

import asyncio
import threading

from infra.local.api import ApiResponse
from infra.local.deploy import to_json_bytes

from support.deployed_lab import Lab, wait_for
from support.origin.behaviour import IMAGE, Reader, Request, Writer, response_with, send

ASYNC = {"Prefer": "respond-async"}


def test_file_gets_202_at_once_and_its_receipt_can_be_read_later(deployed: Lab) -> None:
    """GET returns 202 until the origin responds, and then 200 with the receipt."""
    may_respond = threading.Event()

    async def wait_and_respond(_: Reader, writer: Writer, __: Request) -> None:
        while not may_respond.is_set():  # noqa: ASYNC110 - another thread, with another loop, sets it
            await asyncio.sleep(0.02)
        await send(writer, response_with(IMAGE))

    deployed.origin.responders["held"] = wait_and_respond
    file = {"id": "a-held", "urls": [deployed.origin.url("held")]}
    accepted = deployed.stack.call("POST", "/files", to_json_bytes(file), headers=ASYNC)
    wait_for(lambda: deployed.origin.request_count("held"))
    pending = deployed.stack.call("GET", "/files/a-held")
    may_respond.set()

    def poll() -> ApiResponse | None:
        found = deployed.stack.call("GET", "/files/a-held")
        return found if found.status == 200 else None

    receipt = wait_for(poll).json()
    assert (accepted.status, accepted.headers["location"]) == (202, "/files/a-held")
    assert pending.status == 202
    assert receipt["status"] == "stored"
    assert deployed.objects("receipts/a-held") == ["receipts/a-held.json"]
    assert deployed.origin.request_count("held") == 1


def test_invalid_file_is_rejected_at_once(deployed: Lab) -> None:
    answer = deployed.stack.call("POST", "/files", b'{"fileUrl": 7}', headers=ASYNC)

    assert (answer.status, answer.content_type) == (422, "application/problem+json")

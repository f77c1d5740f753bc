"""Asynchronous HTTP, the whole way: 202 at once, the S3 door behind it, and the receipt when it is there."""

import asyncio
import threading

from infra.local.api import Answer
from infra.local.deploy import as_json

from support.deployed_lab import Lab, wait_for
from support.origin.behaviour import IMAGE, Reader, Request, Writer, response, send

ASYNC = {"Prefer": "respond-async"}


def test_a_file_is_answered_at_once_and_its_receipt_is_there_later(deployed: Lab) -> None:
    """202 with its Location; 202 there as long as the origin takes; then 200 with the receipt."""
    let_go = threading.Event()

    async def held(_: Reader, writer: Writer, __: Request) -> None:
        while not let_go.is_set():  # noqa: ASYNC110 - it is set in another thread, which has another loop
            await asyncio.sleep(0.02)
        await send(writer, response(IMAGE))

    deployed.origin.responders["held"] = held
    file = {"id": "a-held", "urls": [deployed.origin.url("held")]}
    answer = deployed.stack.call("POST", "/files", as_json(file), headers=ASYNC)
    wait_for(lambda: deployed.origin.request_count("held"))
    waiting = deployed.stack.call("GET", "/files/a-held")
    let_go.set()

    def stored() -> Answer | None:
        found = deployed.stack.call("GET", "/files/a-held")
        return found if found.status == 200 else None

    receipt = wait_for(stored).json()
    assert (answer.status, answer.headers["location"]) == (202, "/files/a-held")
    assert waiting.status == 202
    assert receipt["status"] == "stored"
    assert deployed.objects("receipts/a-held") == ["receipts/a-held.json"]
    assert deployed.origin.request_count("held") == 1


def test_what_is_no_file_is_refused_at_once(deployed: Lab) -> None:
    answer = deployed.stack.call("POST", "/files", b'{"fileUrl": 7}', headers=ASYNC)

    assert (answer.status, answer.content_type) == (422, "application/problem+json")

"""Handlers when S3 fails: each responds before its deadline, and no image affects another."""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from intake.handlers.s3 import Unfinished
from intake.model.error_codes import StoreFailed
from support import s3_server
from support.fault_proxy import FaultProxy, after_upload, lose_response, open_fault_proxy
from support.origin import Origin, origin_in_thread
from support.origin.behaviour import Responder, reply, response_with, wait_forever
from support.real_s3_store import find_wrong_images
from support.real_service import (
    get_path,
    invoke_bulk,
    invoke_with_file,
    post_file,
    real_service,
    send_messages,
    send_s3_event,
)
from support.sample_images import jpeg_of_size

SECONDS = 4.0
"""Time of the function; the default margin of one second is part of it."""

IMAGES = 6
MANIFEST = "inbox/lot-7.json"
BODIES = [jpeg_of_size(20_000 + 1000 * number, number) for number in range(IMAGES)]


async def silent(_: object, __: object, ___: object) -> None:
    await wait_forever()


def responds(code: str, status: str) -> Responder:
    document = f'<?xml version="1.0"?><Error><Code>{code}</Code></Error>'.encode()
    return after_upload(reply(response_with(document, status=status), close=False))


DENIED = responds("AccessDenied", "403 Forbidden")
FAILING = responds("InternalError", "500 Internal Server Error")


@dataclass
class Lab:
    """A service on a real S3 server behind a proxy, and the File that every entry point gets.

    Attributes:
        s3: the server.
        proxy: the proxy in front of it.
        bucket: the bucket of images and receipts.
        inbox: the bucket that has the File as a manifest.
        file: the File.
    """

    s3: s3_server.S3Server
    proxy: FaultProxy
    bucket: str
    inbox: str
    file: dict[str, Any]

    def put_of_image(self, number: int) -> str:
        """Return a pattern for the PUT of one image."""
        return f"PUT .*{hashlib.sha256(BODIES[number]).hexdigest()}"


@pytest.fixture
def origin() -> Iterator[Origin]:
    with origin_in_thread() as running:
        for number, body in enumerate(BODIES):
            running.responders[f"photo-{number}"] = reply(response_with(body), close=False)
        yield running


@pytest.fixture
def lab(s3: s3_server.S3Server, bucket: str, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    file = {"id": "lot-7", "urls": [origin.url(f"photo-{number}") for number in range(IMAGES)]}
    inbox = s3.new_bucket()
    s3.client().put_object(Bucket=inbox, Key=MANIFEST, Body=json.dumps(file).encode())
    s3.client().put_object(Bucket=bucket, Key="first", Body=b"the first object takes SeaweedFS longer")
    with open_fault_proxy(s3.url) as proxy:
        settings = {
            "IMAGE_BUCKET": bucket,
            "INBOX_BUCKET": inbox,
            "ALLOWED_NETWORKS": "127.0.0.0/8",
            "ALLOWED_PORTS": f"80,443,{origin.port}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        }
        with real_service(monkeypatch, s3.environment | settings | {"AWS_ENDPOINT_URL_S3": proxy.url}):
            yield Lab(s3, proxy, bucket, inbox, file)
    found = s3.objects(bucket)
    assert find_wrong_images(found) == []
    receipt = json.loads(found.get("receipts/lot-7.json", b'{"objectKeys": []}'))
    assert {key for key in receipt["objectKeys"] if key} <= set(found)


@pytest.mark.parametrize(
    ("entry_point", "where"),
    [
        ("http", "PUT"),
        ("s3", "."),
        ("s3", "PUT"),
        ("bulk", "PUT"),
        ("bulk", "PUT .*/runs/"),
        ("invoke", "PUT"),
        ("queue", "."),
        ("queue", "PUT .*/receipts/"),
        ("queue", "PUT .*/problems/"),
    ],
)
def test_handler_ends_before_its_deadline_when_s3_is_silent(entry_point: str, where: str, lab: Lab) -> None:
    lab.proxy.inject(where, silent)
    begin = time.monotonic()
    if entry_point == "http":
        post_file(lab.file, SECONDS)
    elif entry_point == "s3":
        with pytest.raises(Unfinished):
            send_s3_event(lab.inbox, MANIFEST, SECONDS)
    elif entry_point == "invoke":
        assert invoke_with_file(lab.file, SECONDS)["receiptKey"] is None
    elif entry_point == "queue":
        assert 0 in send_messages("no File", lab.file, seconds=SECONDS)
    else:
        with pytest.raises(StoreFailed):
            invoke_bulk([lab.file], SECONDS)
    assert time.monotonic() - begin < SECONDS


def test_s3_handler_ends_before_its_deadline_when_the_inbox_is_silent_at_the_second_read(lab: Lab) -> None:
    """The handler reads a manifest twice: first to find invalid documents, then to ingest the Files."""
    calls = iter(range(100))

    async def second(reader: Any, writer: Any, request: Any) -> None:
        if next(calls):
            await wait_forever()
        writer.write(await lab.proxy.forward(reader, request))

    lab.proxy.inject(f"GET /{lab.inbox}/", second)
    begin = time.monotonic()
    with pytest.raises(Unfinished):
        send_s3_event(lab.inbox, MANIFEST, SECONDS)
    assert time.monotonic() - begin < SECONDS
    assert next(calls) > 1


def test_http_handler_reports_deadline_exceeded_when_s3_is_silent(lab: Lab) -> None:
    lab.proxy.inject("PUT", silent)
    status, receipt = post_file(lab.file, SECONDS)
    assert (status, receipt["status"], receipt["receiptKey"]) == (502, "failed", None)
    assert {image["error"]["code"] for image in receipt["images"]} == {"deadline_exceeded"}


@pytest.mark.parametrize(("fault", "code"), [(DENIED, "store_denied"), (FAILING, "store_failed")])
def test_image_that_s3_rejects_has_its_code_and_other_images_are_stored(fault: Responder, code: str, lab: Lab) -> None:
    lab.proxy.inject(lab.put_of_image(2), fault)
    status, receipt = post_file(lab.file)
    codes = [image.get("error", {}).get("code", "stored") for image in receipt["images"]]
    assert codes == ["stored", "stored", code, "stored", "stored", "stored"]
    assert (status, receipt["receiptKey"]) == (207, "receipts/lot-7.json")
    assert lab.proxy.request_count(lab.put_of_image(2)) == {"store_denied": 1, "store_failed": 4}[code]
    assert lab.proxy.request_count("PUT .*/images/") == IMAGES - 1 + lab.proxy.request_count(lab.put_of_image(2))


def test_image_is_reused_when_the_response_to_its_upload_was_lost(lab: Lab) -> None:
    lab.proxy.inject(lab.put_of_image(1), lose_response(lab.proxy), times=1)
    status, receipt = post_file(lab.file)
    assert (status, receipt["status"]) == (200, "stored")
    assert [image["reused"] for image in receipt["images"]] == [False, True, False, False, False, False]


def test_s3_handler_does_not_rewrite_a_receipt_when_the_response_was_lost(lab: Lab) -> None:
    """Its first attempt has stored the receipt, so the condition of the second attempt is false."""
    lab.proxy.inject("PUT .*/receipts/", lose_response(lab.proxy), times=1)
    send_s3_event(lab.inbox, MANIFEST)
    assert lab.proxy.request_count("PUT .*/receipts/") == 2
    assert get_path("/files/lot-7")[1]["counts"]["stored"] == IMAGES


@pytest.mark.parametrize("fault", [DENIED, FAILING], ids=["denied", "failing"])
class TestReceiptThatCannotBeStored:
    """Images are stored. HTTP and invoke respond without a receipt key; the others let the event come again."""

    def test_http_handler_responds_with_null_as_receipt_key(self, fault: Responder, lab: Lab) -> None:
        lab.proxy.inject("PUT .*/receipts/", fault)
        status, receipt = post_file(lab.file)
        assert (status, receipt["status"], receipt["receiptKey"]) == (200, "stored", None)
        assert get_path("/files/lot-7")[0] == 202  # its manifest is in the inbox

    def test_invoke_handler_returns_null_as_receipt_key(self, fault: Responder, lab: Lab) -> None:
        lab.proxy.inject("PUT .*/receipts/", fault)
        receipt = invoke_with_file(lab.file)
        assert (receipt["status"], receipt["receiptKey"]) == ("stored", None)

    def test_message_comes_again_and_the_receipt_is_stored_then(self, fault: Responder, lab: Lab) -> None:
        """The File of the other message is done, and is not requested again if its message comes again too."""
        other, sent = {"id": "lot-8", "urls": lab.file["urls"][:1]}, datetime.now(UTC)
        lab.proxy.inject("PUT .*/receipts/lot-7", fault)
        assert send_messages(lab.file, other, at=sent) == [0]
        lab.proxy.clear()
        written = lab.proxy.request_count("PUT .*/receipts/lot-8")
        assert send_messages(lab.file, other, at=sent) == []
        assert get_path("/files/lot-7")[1]["counts"]["reused"] == IMAGES
        assert lab.proxy.request_count("PUT .*/receipts/lot-8") == written == 1

    def test_s3_handler_raises_and_stores_the_receipt_when_the_event_is_retried(
        self, fault: Responder, lab: Lab
    ) -> None:
        lab.proxy.inject("PUT .*/receipts/", fault)
        with pytest.raises(Unfinished):
            send_s3_event(lab.inbox, MANIFEST)
        lab.proxy.clear()
        send_s3_event(lab.inbox, MANIFEST)
        assert get_path("/files/lot-7")[1]["counts"] | {"bytes": 0} == {
            "stored": 0,
            "reused": 6,
            "failed": 0,
            "bytes": 0,
        }

    def test_bulk_handler_raises_and_reports_the_batch_once_when_it_is_retried(
        self, fault: Responder, lab: Lab
    ) -> None:
        lab.proxy.inject("PUT .*/receipts/", fault)
        with pytest.raises(StoreFailed):
            invoke_bulk([lab.file])
        assert lab.s3.objects(lab.bucket, "runs/") == {}
        lab.proxy.clear()
        assert invoke_bulk([lab.file])["status"] == {"stored": 1}
        assert [len(lab.s3.objects(lab.bucket, f"runs/run-1/{name}/")) for name in ("images", "batches")] == [1, 1]

"""S3 fails behind the doors: what each of them says, before it is cut off, and that no image takes another down."""

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from intake.handlers.s3 import Unfinished
from intake.model.errors import StoreFailed
from support import s3_server
from support.fault_proxy import FaultProxy, after_upload, lose_response, open_fault_proxy
from support.origin import Origin, origin_in_thread
from support.origin.behaviour import Responder, reply, response, wait_forever
from support.real_service import get_path, invoke_bulk, post_file, real_service, send_s3_event
from support.s3_stores import wrong_images
from support.sample_images import jpeg_of_size

SECONDS = 4.0
"""What the function has; the margin of one second is the default."""

IMAGES = 6
MANIFEST = "inbox/lot-7.json"
BODIES = [jpeg_of_size(20_000 + 1000 * number, number) for number in range(IMAGES)]


async def silent(_: object, __: object, ___: object) -> None:
    await wait_forever()


def refuses(code: str, status: str) -> Responder:
    document = f'<?xml version="1.0"?><Error><Code>{code}</Code></Error>'.encode()
    return after_upload(reply(response(document, status=status), close=False))


DENIED = refuses("AccessDenied", "403 Forbidden")
FAILING = refuses("InternalError", "500 Internal Server Error")


@dataclass
class Ground:
    """What stands around the doors.

    Attributes:
        proxy: to S3.
        file: that every door is given.
        inbox: the bucket that holds it as a manifest.
    """

    s3: s3_server.S3Server
    proxy: FaultProxy
    bucket: str
    inbox: str
    file: dict[str, Any]

    def key(self, number: int) -> str:
        """A pattern of the PUT of the image of that number."""
        return f"PUT .*{hashlib.sha256(BODIES[number]).hexdigest()}"


@pytest.fixture
def origin() -> Iterator[Origin]:
    with origin_in_thread() as running:
        for number, body in enumerate(BODIES):
            running.responders[f"photo-{number}"] = reply(response(body), close=False)
        yield running


@pytest.fixture
def ground(s3: s3_server.S3Server, bucket: str, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ground]:
    file = {"id": "lot-7", "urls": [origin.url(f"photo-{number}") for number in range(IMAGES)]}
    inbox = s3.new_bucket()
    s3.client().put_object(Bucket=inbox, Key=MANIFEST, Body=json.dumps(file).encode())
    s3.client().put_object(Bucket=bucket, Key="first", Body=b"SeaweedFS takes its time for the first")
    with open_fault_proxy(s3.url) as proxy:
        settings = {
            "IMAGE_BUCKET": bucket,
            "INBOX_BUCKET": inbox,
            "ALLOWED_NETWORKS": "127.0.0.0/8",
            "ALLOWED_PORTS": f"80,443,{origin.port}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        }
        with real_service(monkeypatch, s3.environment | settings | {"AWS_ENDPOINT_URL_S3": proxy.url}):
            yield Ground(s3, proxy, bucket, inbox, file)
    found = s3.objects(bucket)
    assert wrong_images(found) == []
    receipt = json.loads(found.get("receipts/lot-7.json", b'{"objectKeys": []}'))
    assert {key for key in receipt["objectKeys"] if key} <= set(found)


@pytest.mark.parametrize(
    ("door", "where"),
    [("https", "PUT"), ("s3", "."), ("s3", "PUT"), ("bulk", "PUT"), ("bulk", "PUT .*/runs/")],
)
def test_every_door_answers_in_time_while_s3_is_silent(door: str, where: str, ground: Ground) -> None:
    ground.proxy.inject(where, silent)
    begin = time.monotonic()
    if door == "https":
        post_file(ground.file, SECONDS)
    elif door == "s3":
        with pytest.raises(Unfinished):
            send_s3_event(ground.inbox, MANIFEST, SECONDS)
    else:
        with pytest.raises(StoreFailed):
            invoke_bulk([ground.file], SECONDS)
    assert time.monotonic() - begin < SECONDS


def test_an_inbox_that_falls_silent_once_the_manifest_was_read_does_not_hold_the_door(ground: Ground) -> None:
    """It is read twice: once for what is no File, once for the Files."""
    calls = iter(range(100))

    async def second(reader: Any, writer: Any, request: Any) -> None:
        if next(calls):
            await wait_forever()
        writer.write(await ground.proxy.forward(reader, request))

    ground.proxy.inject(f"GET /{ground.inbox}/", second)
    begin = time.monotonic()
    with pytest.raises(Unfinished):
        send_s3_event(ground.inbox, MANIFEST, SECONDS)
    assert time.monotonic() - begin < SECONDS
    assert next(calls) > 1


def test_a_silent_s3_leaves_images_undone_and_the_answer_says_so(ground: Ground) -> None:
    ground.proxy.inject("PUT", silent)
    status, receipt = post_file(ground.file, SECONDS)
    assert (status, receipt["status"], receipt["receiptKey"]) == (502, "failed", None)
    assert {image["error"]["code"] for image in receipt["images"]} == {"deadline_exceeded"}


@pytest.mark.parametrize(("act", "code"), [(DENIED, "store_denied"), (FAILING, "store_failed")])
def test_an_image_that_s3_refuses_has_its_code_and_its_neighbours_are_stored(
    respond: Responder, code: str, ground: Ground
) -> None:
    ground.proxy.inject(ground.key(2), respond)
    status, receipt = post_file(ground.file)
    codes = [image.get("error", {}).get("code", "stored") for image in receipt["images"]]
    assert codes == ["stored", "stored", code, "stored", "stored", "stored"]
    assert (status, receipt["receiptKey"]) == (207, "receipts/lot-7.json")
    assert ground.proxy.request_count(ground.key(2)) == {"store_denied": 1, "store_failed": 4}[code]
    assert ground.proxy.request_count("PUT .*/images/") == IMAGES - 1 + ground.proxy.request_count(ground.key(2))


def test_an_image_whose_neighbours_answer_was_lost_is_stored_like_the_rest(ground: Ground) -> None:
    ground.proxy.inject(ground.key(1), lose_response(ground.proxy), times=1)
    status, receipt = post_file(ground.file)
    assert (status, receipt["status"]) == (200, "stored")
    assert [image["reused"] for image in receipt["images"]] == [False, True, False, False, False, False]


def test_a_receipt_whose_answer_was_lost_is_stored_and_not_written_again_for_that(ground: Ground) -> None:
    """The S3 door writes on a condition, which its own first attempt has made false."""
    ground.proxy.inject("PUT .*/receipts/", lose_response(ground.proxy), times=1)
    send_s3_event(ground.inbox, MANIFEST)
    assert ground.proxy.request_count("PUT .*/receipts/") == 2
    assert get_path("/files/lot-7")[1]["counts"]["stored"] == IMAGES


@pytest.mark.parametrize("act", [DENIED, FAILING], ids=["denied", "failing"])
class TestAReceiptThatCannotBeStored:
    """Images are; the HTTPS door answers all the same, the others are tried again."""

    def test_is_null_in_the_answer(self, respond: Responder, ground: Ground) -> None:
        ground.proxy.inject("PUT .*/receipts/", respond)
        status, receipt = post_file(ground.file)
        assert (status, receipt["status"], receipt["receiptKey"]) == (200, "stored", None)
        assert get_path("/files/lot-7")[0] == 202  # its manifest is in the inbox

    def test_is_raised_at_the_s3_door_and_made_up_for_when_the_event_comes_again(
        self, respond: Responder, ground: Ground
    ) -> None:
        ground.proxy.inject("PUT .*/receipts/", respond)
        with pytest.raises(Unfinished):
            send_s3_event(ground.inbox, MANIFEST)
        ground.proxy.clear()
        send_s3_event(ground.inbox, MANIFEST)
        assert get_path("/files/lot-7")[1]["counts"] | {"bytes": 0} == {
            "stored": 0,
            "reused": 6,
            "failed": 0,
            "bytes": 0,
        }

    def test_is_raised_at_the_bulk_door_and_no_report_counts_the_batch_twice(
        self, respond: Responder, ground: Ground
    ) -> None:
        ground.proxy.inject("PUT .*/receipts/", respond)
        with pytest.raises(StoreFailed):
            invoke_bulk([ground.file])
        assert ground.s3.objects(ground.bucket, "runs/") == {}
        ground.proxy.clear()
        assert invoke_bulk([ground.file])["status"] == {"stored": 1}
        assert len(ground.s3.objects(ground.bucket, "runs/")) == 1

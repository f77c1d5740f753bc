"""The whole service without fakes: the HTTP handler, real sockets to an origin, and a real S3 server."""

import json
from collections.abc import Iterator
from datetime import datetime

import pytest

from support import s3_server
from support.origin import IMAGE, Origin, origin_in_thread
from support.origin.behaviour import Reader, Request, Responder, Writer, response_with, send
from support.real_s3_store import find_wrong_images
from support.real_service import call_http, get_path, post_file, real_service
from support.sample_images import jpeg_of_size

IMAGE_BYTES = 150_000


@pytest.fixture
def origin(connected_addresses: list[str]) -> Iterator[Origin]:
    with origin_in_thread() as running:
        yield running
    assert set(connected_addresses) <= {"127.0.0.1"}


@pytest.fixture(autouse=True)
def _service(s3: s3_server.S3Server, bucket: str, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The service with the settings of a function of 512 MB that may connect to the origin."""
    settings = {
        "IMAGE_BUCKET": bucket,
        "INBOX_BUCKET": s3.new_bucket(),
        "ALLOWED_NETWORKS": "127.0.0.0/8",
        "ALLOWED_PORTS": f"80,443,{origin.port},1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    }
    with real_service(monkeypatch, s3.environment | settings):
        yield


def serve(bodies: list[bytes]) -> Responder:
    """Answer `/photo/3` with the body number 3."""

    async def respond(_: Reader, writer: Writer, request: Request) -> None:
        await send(writer, response_with(bodies[int(request.target.rsplit("/", 1)[1])]))

    return respond


def modification_times(s3: s3_server.S3Server, bucket: str) -> dict[str, datetime]:
    listed = s3.client().list_objects_v2(Bucket=bucket, Prefix="images/")["Contents"]
    return {item["Key"]: item["LastModified"] for item in listed}


def test_images_are_stored_byte_for_byte_in_order_and_reused_when_the_file_comes_again(
    origin: Origin, s3: s3_server.S3Server, bucket: str
) -> None:
    bodies = [jpeg_of_size(IMAGE_BYTES, seed) for seed in range(48)]
    origin.responders["photo"] = serve(bodies)
    urls = [origin.url(f"photo/{number}") for number in range(48)]
    document = {"fileUrl": urls[0], "baseUrls": [{"url": url} for url in urls[1:]]}

    status, first = post_file(document)
    objects = s3.objects(bucket, "images/")
    assert status == 200
    assert bodies == [objects[key] for key in first["objectKeys"]]
    assert find_wrong_images(objects) == []
    assert first["counts"] == {"stored": 48, "reused": 0, "failed": 0, "bytes": 48 * IMAGE_BYTES}
    assert [("file", 0)] + [("base", n) for n in range(47)] == [(i["role"], i["index"]) for i in first["images"]]

    before = modification_times(s3, bucket)
    status, second = post_file(document)
    assert status == 200
    assert second["objectKeys"] == first["objectKeys"]
    assert second["counts"] == {"stored": 0, "reused": 48, "failed": 0, "bytes": 48 * IMAGE_BYTES}
    assert before == modification_times(s3, bucket)


def test_each_failed_image_has_its_code_and_the_others_are_stored(
    origin: Origin, s3: s3_server.S3Server, bucket: str
) -> None:
    expected = {
        origin.url("length"): "stored",
        origin.url("gif_without_trailer"): "stored",
        origin.url("gif_without_trailer_of_unknown_length"): "invalid_image",
        "http://127.0.0.1:1/dead.jpg": "connect_failed",
        origin.url("status_404"): "not_found",
        origin.url("soft_404_as_jpeg"): "unsupported_type",
        origin.url("half_jpeg"): "invalid_image",
        origin.url("redirect_to_metadata"): "blocked",
        "http://169.254.169.254/latest/meta-data/": "blocked",
        "gopher://127.0.0.1/": "blocked",
        "no url at all": "invalid_url",
    }
    status, receipt = post_file({"urls": list(expected)})
    assert list(expected.values()) == [entry.get("error", {}).get("code", "stored") for entry in receipt["images"]]
    assert status == 207
    assert [entry["warnings"] for entry in receipt["images"] if "warnings" in entry] == [[], ["missing_trailer"]]
    assert IMAGE in s3.objects(bucket, "images/").values()
    assert len(s3.objects(bucket, "images/")) == 2


def test_stored_receipt_is_returned_without_query_strings(origin: Origin) -> None:
    _, receipt = post_file({"id": "lot-7", "urls": [origin.url("length?X-Amz-Signature=secret")]})
    status, stored = get_path("/files/lot-7")
    assert status == 200
    assert stored["objectKeys"] == receipt["objectKeys"]
    assert "secret" not in json.dumps(stored)
    assert get_path("/files/lot-8")[0] == 404


@pytest.mark.parametrize(
    ("document", "paths"),
    [
        ({}, ["fileUrl", "baseUrls"]),
        ({"fileUrl": 7, "baseUrls": [{"url": None}, ["x"], [3]]}, ["fileUrl", "baseUrls[0].url", "baseUrls[2][0]"]),
        ({"fileUrl": "x", "baseUrls": [["x"]] * 101}, ["baseUrls"]),
        ({"fileUrl": "x", "baseUrls": [["x"]], "id": "../etc/passwd"}, ["id"]),
        ([], [""]),
    ],
)
def test_every_fault_of_an_invalid_file_is_named_and_nothing_is_fetched(
    origin: Origin, document: object, paths: list[str]
) -> None:
    status, problem = post_file(document)
    assert status == 422
    assert paths == [error["path"] for error in problem["errors"]]
    assert origin.connections == 0


def test_body_that_is_not_json_is_a_bad_request() -> None:
    assert post_file("not a document")[0] == 422
    status, problem = call_http("POST", "/files", '{"fileUrl": ')
    assert (status, problem["status"]) == (400, 400)

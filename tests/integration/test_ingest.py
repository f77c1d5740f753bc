"""The whole job, nothing faked: the HTTPS door, real sockets to an origin, a real S3 server behind."""

import asyncio
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from intake import app
from intake.config import Config
from intake.handlers.http import handler
from intake.ingest.service import IngestService
from intake.s3.store import S3Store
from intake.telemetry import Telemetry
from support import s3_server
from support.lambda_context import Context
from support.origin import IMAGE, Origin, origin_in_thread
from support.origin.behaviour import Reader, Request, Responder, Writer
from support.sample_images import jpeg_of_size

IMAGE_BYTES = 150_000

type Teach = Callable[[str, Responder], None]
type Post = Callable[[object], tuple[int, dict[str, Any]]]


@pytest.fixture
def origin(connected_addresses: list[str]) -> Iterator[Origin]:
    """Sockets reach loopback alone, whatever is dialled."""
    with origin_in_thread() as running:
        yield running
    assert set(connected_addresses) <= {"127.0.0.1"}


@pytest.fixture
def post(s3: s3_server.S3Server, bucket: str, origin: Origin, monkeypatch: pytest.MonkeyPatch) -> Iterator[Post]:
    """The door with the settings of a function of 512 MB, which may dial the origin."""
    settings = {
        "IMAGE_BUCKET": bucket,
        "ALLOWED_NETWORKS": "127.0.0.0/8",
        "ALLOWED_PORTS": f"80,443,{origin.port},1",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
    }
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    config = Config.from_environment(settings)
    with asyncio.Runner() as runner:
        fetcher, store = app.downloader(config), S3Store(app.s3_client(bucket))
        service = IngestService(fetcher, store, Telemetry(), config.limits, bucket)
        monkeypatch.setattr(app, "_runner", runner)
        monkeypatch.setattr(app, "config", lambda: config)
        monkeypatch.setattr(app, "ingest_service", lambda: service)
        yield lambda document: call("POST", "/files", json.dumps(document))
        runner.run(fetcher.aclose())
        runner.run(store.aclose())


def serve(bodies: list[bytes]) -> Responder:
    """A behaviour that answers `/photo/3` with the body of that number."""

    async def respond(_: Reader, writer: Writer, request: Request) -> None:
        body = bodies[int(request.target.rsplit("/", 1)[1])]
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        await writer.drain()

    return respond


def call(method: str, path: str, body: str | None = None) -> tuple[int, dict[str, Any]]:
    event = {
        "httpMethod": method,
        "path": path,
        "headers": {},
        "requestContext": {"requestTimeEpoch": int(time.time() * 1000)},
        "body": body,
        "isBase64Encoded": False,
    }
    answer = handler(event, Context(29.0))
    return answer["statusCode"], json.loads(answer["body"])


def kept(s3: s3_server.S3Server, bucket: str) -> dict[str, bytes]:
    """Every image in the bucket, by key; each has the digest that its key says."""
    client = s3.client()
    listed = client.list_objects_v2(Bucket=bucket, Prefix="images/").get("Contents", [])
    found = {item["Key"]: client.get_object(Bucket=bucket, Key=item["Key"])["Body"].read() for item in listed}
    for key, body in found.items():
        digest = hashlib.sha256(body).hexdigest()
        assert key == f"images/{digest[:2]}/{digest}.{key.rsplit('.', 1)[1]}"
    return found


def test_forty_eight_images_are_stored_byte_for_byte_in_order_and_reused_the_second_time(
    post: Post, origin: Origin, s3: s3_server.S3Server, bucket: str
) -> None:
    bodies = [jpeg_of_size(IMAGE_BYTES, seed) for seed in range(48)]
    origin.responders["photo"] = serve(bodies)
    urls = [origin.url(f"photo/{number}") for number in range(48)]
    document = {"fileUrl": urls[0], "baseUrls": [{"url": url} for url in urls[1:]]}

    status, first = post(document)
    objects = kept(s3, bucket)
    assert status == 200
    assert bodies == [objects[key] for key in first["objectKeys"]]
    assert first["counts"] == {"stored": 48, "reused": 0, "failed": 0, "bytes": 48 * IMAGE_BYTES}
    assert [("file", 0)] + [("base", n) for n in range(47)] == [(i["role"], i["index"]) for i in first["images"]]

    written = {item["Key"]: item["LastModified"] for item in s3.client().list_objects_v2(Bucket=bucket)["Contents"]}
    status, second = post(document)
    after = {item["Key"]: item["LastModified"] for item in s3.client().list_objects_v2(Bucket=bucket)["Contents"]}
    assert status == 200
    assert second["objectKeys"] == first["objectKeys"]
    assert second["counts"] == {"stored": 0, "reused": 48, "failed": 0, "bytes": 48 * IMAGE_BYTES}
    images = {key for key in written if key.startswith("images/")}
    assert {key: written[key] for key in images} == {key: after[key] for key in images}


def test_whatever_goes_wrong_has_its_code_and_the_others_are_stored(
    post: Post, origin: Origin, s3: s3_server.S3Server, bucket: str
) -> None:
    wanted = {
        origin.url("length"): "stored",
        "http://127.0.0.1:1/dead.jpg": "connect_failed",
        origin.url("status_404"): "not_found",
        origin.url("soft_404_as_jpeg"): "unsupported_type",
        origin.url("half_jpeg"): "invalid_image",
        origin.url("redirect_to_metadata"): "blocked",
        "http://169.254.169.254/latest/meta-data/": "blocked",
        "gopher://127.0.0.1/": "blocked",
        "no url at all": "invalid_url",
    }
    status, receipt = post({"urls": list(wanted)})
    assert list(wanted.values()) == [entry.get("error", {}).get("code", "stored") for entry in receipt["images"]]
    assert status == 207
    assert list(kept(s3, bucket).values()) == [IMAGE]


def test_the_receipt_can_be_asked_for(post: Post, origin: Origin) -> None:
    _, receipt = post({"id": "lot-7", "urls": [origin.url("length?X-Amz-Signature=secret")]})
    status, found = call("GET", "/files/lot-7")
    assert status == 200
    assert found["objectKeys"] == receipt["objectKeys"]
    assert "secret" not in json.dumps(found)
    assert call("GET", "/files/lot-8")[0] == 404


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
def test_what_is_no_file_names_every_fault_and_fetches_nothing(
    post: Post, origin: Origin, document: object, paths: list[str]
) -> None:
    status, problem = post(document)
    assert status == 422
    assert paths == [error["path"] for error in problem["errors"]]
    assert origin.connections == 0


def test_what_is_no_json_is_a_bad_request(post: Post) -> None:
    assert post("not a document")[0] == 422
    status, problem = call("POST", "/files", '{"fileUrl": ')
    assert (status, problem["status"]) == (400, 400)

"""The servers of the benchmark programs behave like an origin with validators and like S3."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest

from bench.python_servers import start_server
from intake.image.verify import verify
from intake.model.limits import Limits

SIZE = 5_000


@contextmanager
def connect(base: str) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(urlsplit(base).netloc, timeout=5)
    try:
        yield connection
    finally:
        connection.close()


def ask(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    return response.status, response.headers, response.read()


def test_origin_sends_distinct_whole_images_of_the_size() -> None:
    with start_server("origin", delay=0.0, size=SIZE, number=2) as base, connect(base) as origin:
        bodies = [ask(origin, "GET", f"/{number}")[2] for number in (0, 1, 2, 3, 2_000_000)]

    assert [len(body) for body in bodies] == [SIZE] * 5
    assert len(set(bodies)) == 5
    assert {verify(memoryview(body), Limits()).type for body in bodies} == {"jpeg"}


@pytest.mark.parametrize(("expected", "etag"), [(304, '"7"'), (200, '"8"'), (200, "")])
def test_origin_answers_304_to_the_etag_of_the_image_alone(expected: int, etag: str) -> None:
    with start_server("origin", delay=0.0, size=SIZE, number=1) as base, connect(base) as origin:
        status, headers, body = ask(origin, "GET", "/7", If_None_Match=etag)

    assert (status, headers["ETag"], len(body)) == (expected, '"7"', SIZE if expected == 200 else 0)


def test_s3_stand_in_returns_documents_and_the_metadata_of_images() -> None:
    key, document = "/bench/images/3f/3f9a.jpg", "/bench/known/3f9a.json"
    with start_server("s3", delay=0.0) as base, connect(base) as s3:
        missing = [ask(s3, "HEAD", key)[0], ask(s3, "GET", document)[0]]
        ask(s3, "PUT", key, bytes(70_000), Content_Type="image/jpeg", x_amz_meta_width="40", x_amz_meta_frames="1")
        ask(s3, "PUT", f"{document}?X-Amz-Signature=3f", b'{"version": 1}')
        status, headers, _ = ask(s3, "HEAD", key)
        found, _, body = ask(s3, "GET", document)

    assert missing == [404, 404]
    assert (status, headers["Content-Length"], headers["Content-Type"]) == (200, "70000", "image/jpeg")
    assert (headers["x-amz-meta-width"], headers["x-amz-meta-frames"]) == ("40", "1")
    assert (found, body) == (200, b'{"version": 1}')

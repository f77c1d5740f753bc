"""The picture server answers conditional requests as web servers do, and counts what it sends."""

import http.client
import socket
import struct
from collections.abc import Iterator
from email.message import Message
from email.utils import formatdate

import pytest
from infra.pictures.conditional_request import etag_of, is_unchanged
from infra.pictures.picture_server import OriginTraffic, serve_pictures

ETAG = etag_of(b"picture")
MODIFIED_AT = 1_764_000_000.9


@pytest.mark.parametrize(
    ("expected", "headers"),
    [
        (True, {"If-None-Match": ETAG}),
        (True, {"if-none-match": f'"other", W/{ETAG}'}),
        (True, {"If-None-Match": "*"}),
        (True, {"If-Modified-Since": formatdate(MODIFIED_AT, usegmt=True)}),
        (True, {"If-Modified-Since": formatdate(MODIFIED_AT + 60, usegmt=True)}),
        (False, {}),
        (False, {"If-None-Match": '"other"'}),
        (False, {"If-None-Match": ETAG.strip('"')}),
        (False, {"If-None-Match": '"other"', "If-Modified-Since": formatdate(MODIFIED_AT, usegmt=True)}),
        (False, {"If-Modified-Since": formatdate(MODIFIED_AT - 1, usegmt=True)}),
        (False, {"If-Modified-Since": "yesterday"}),
    ],
    ids=str,
)
def test_picture_is_unchanged_when_the_client_has_it(*, expected: bool, headers: dict[str, str]) -> None:
    sent = Message()
    for name, value in headers.items():
        sent[name] = value

    assert is_unchanged(sent, ETAG, MODIFIED_AT) == expected


def get(port: int, target: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", target, headers={name.replace("_", "-"): value for name, value in headers.items()})
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


@pytest.fixture
def served() -> Iterator[tuple[int, dict[str, bytes], OriginTraffic]]:
    """The port of a server, what it serves, and what it has sent."""
    content, traffic = {"a.jpg": b"first bytes"}, OriginTraffic()
    with serve_pictures(content, delay=0, traffic=traffic) as port:
        yield port, content, traffic


def test_server_answers_304_until_the_picture_changes(served: tuple[int, dict[str, bytes], OriginTraffic]) -> None:
    port, content, traffic = served
    first = get(port, "/a.jpg")
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]

    for headers in ({"If_None_Match": etag}, {"If_Modified_Since": modified}):
        unchanged = get(port, "/a.jpg", **headers)
        assert (unchanged.status, unchanged.headers["ETag"], unchanged.headers["Last-Modified"]) == (
            304,
            etag,
            modified,
        )
    content["a.jpg"] = b"other bytes"
    changed = get(port, "/a.jpg", If_None_Match=etag)

    assert (changed.status, changed.headers["ETag"]) == (200, etag_of(b"other bytes"))
    assert get(port, "/none.jpg").status == 404
    assert traffic.responses == {200: 2, 304: 2, 404: 1}
    assert traffic.body_bytes == len(b"first bytes") + len(b"other bytes")


def test_server_prints_nothing_when_a_client_resets_its_connection(
    served: tuple[int, dict[str, bytes], OriginTraffic], capsys: pytest.CaptureFixture[str]
) -> None:
    port, _, _ = served
    client = socket.create_connection(("127.0.0.1", port))
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.sendall(b"GET /a.jpg HTTP/1.1\r\nHost: a\r\n\r\n")
    client.recv(1)
    client.close()

    assert get(port, "/a.jpg").status == 200
    assert capsys.readouterr().err == ""

"""X-Robots-Tag of real origins: the body is not read, and redirects do not count."""

import hashlib

import pytest

from intake.ingest.deadline import Deadline
from intake.ingest.download_port import Condition, Unchanged
from intake.known.known_image import KnownImage
from intake.known.url_key import url_key
from intake.known.validators import Validators
from intake.model.error_codes import OptedOut
from intake.model.image_info import ImageInfo
from intake.model.outcome import FetchStats
from intake.model.url import Url
from support.origin import IMAGE, Origin
from support.origin.behaviour import Reader, Request, Writer, head, reply, response_with, send
from support.origin.client import MakeClient

ETAG = '"v1"'


@pytest.mark.parametrize(
    ("code", "status", "lines"),
    [
        ("opted_out", "200 OK", ["X-Robots-Tag: noai"]),
        ("opted_out", "203 Non-Authoritative", ["X-Robots-Tag: googlebot: all", "x-robots-tag: max-snippet: 1, NOAI"]),
        ("opted_out", "200 OK", ["X-Robots-Tag: noai", "Content-Encoding: gzip"]),
        ("stored", "200 OK", ["X-Robots-Tag: noimageai, noindex"]),
        ("stored", "200 OK", ["X-Robots-Tag: googlebot: noai"]),
        ("not_found", "404 Not Found", ["X-Robots-Tag: noai"]),
        ("http_server_error", "503 Busy", ["X-Robots-Tag: noai"]),
    ],
)
async def test_image_is_opted_out_when_its_response_has_a_respected_directive(
    origin: Origin, make_client: MakeClient, code: str, status: str, lines: list[str]
) -> None:
    origin.default_responder = reply(response_with(IMAGE, *lines, status=status), close=False)
    client = make_client(origin, respect_robots_tag=("noai",))
    result = await client.get(origin.url("photo"))
    assert result.code == code
    if code == "opted_out":
        assert (len(origin.requests), result.stats.attempts) == (1, 1)  # nothing is tried again
    assert (await make_client(origin, max_attempts=1).get(origin.url("photo"))).code != "opted_out"  # off by default


async def test_body_of_an_image_that_is_opted_out_is_not_read(origin: Origin, make_client: MakeClient) -> None:
    """This one never comes: a client that reads it would time out."""
    origin.default_responder = reply(head("X-Robots-Tag: noai", "Content-Length: 50000"), close=False)
    client = make_client(origin, respect_robots_tag=("noai",))
    assert (await client.get(origin.url("photo"))).code == "opted_out"
    assert client.free_bytes == client.limits.memory_budget_bytes


@pytest.mark.parametrize(("code", "final"), [("stored", []), ("opted_out", ["X-Robots-Tag: noindex"])])
async def test_directive_counts_at_the_end_of_redirects(
    origin: Origin, make_client: MakeClient, code: str, final: list[str]
) -> None:
    async def respond(_: Reader, writer: Writer, request: Request) -> None:
        moved = head("X-Robots-Tag: noindex", "Location: /photo", "Content-Length: 0", status="302 Found")
        await send(writer, moved if request.target.startswith("/start") else response_with(IMAGE, *final))

    origin.default_responder = respond
    client = make_client(origin, respect_robots_tag=("noindex",))
    assert (await client.get(origin.url("start"))).code == code
    assert len(origin.requests) == 2


@pytest.mark.parametrize("lines", [[], ["X-Robots-Tag: noindex"], ["X-Robots-Tag: noai"]])
async def test_directive_of_a_304_counts(origin: Origin, make_client: MakeClient, lines: list[str]) -> None:
    origin.default_responder = reply(head(f"ETag: {ETAG}", *lines, status="304 Not Modified"), close=False)
    client = make_client(origin, respect_robots_tag=("noai",))
    url, validators = Url.parse(origin.url("photo")), Validators(etag=ETAG)
    image = ImageInfo("jpeg", 32, 24, 1, "image/jpeg", "jpg")
    known = KnownImage(url_key(url), hashlib.sha256(IMAGE).hexdigest(), len(IMAGE), image, validators)
    download = client.downloader.download(url, FetchStats(), Deadline.after(30.0), Condition(known, validators))
    if "X-Robots-Tag: noai" in lines:
        with pytest.raises(OptedOut):
            await download
    else:
        assert isinstance(await download, Unchanged)
    assert len(origin.requests) == 1

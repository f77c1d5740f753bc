"""Conditional requests to a real origin: who gets the validators, and which 304 counts."""

import asyncio
import hashlib
from collections.abc import Callable

import pytest

from intake.ingest.deadline import Deadline
from intake.ingest.download_port import Condition, Download, Unchanged
from intake.known.known_image import KnownImage
from intake.known.url_key import url_key
from intake.known.validators import Validators
from intake.model.error_codes import IntakeError
from intake.model.image_info import ImageInfo
from intake.model.outcome import FetchStats
from intake.model.url import Url
from support.origin import IMAGE, Origin
from support.origin.behaviour import Reader, Request, Responder, Writer, head, response_with, send
from support.origin.client import Client
from support.origin.redirects import redirect

ETAG = '"v1"'
SINCE = "Sun, 01 Nov 2026 12:00:00 GMT"
CONDITIONS = {"if-none-match", "if-modified-since"}


def conditions_of(request: Request) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers if name.lower() in CONDITIONS}


def respond_with(not_modified: bytes) -> Responder:
    """Answer this to a request with a condition, and the image to others."""

    async def respond(_: Reader, writer: Writer, request: Request) -> None:
        await send(writer, not_modified if conditions_of(request) else response_with(IMAGE, f"ETag: {ETAG}"))

    return respond


async def ask(
    client: Client, url: str, validators: Validators, *, final_url: str | None = None, is_stored: bool | None = True
) -> tuple[Download | Unchanged | str, FetchStats]:
    """Download with a condition; return the result, or the code of the error."""
    sha256 = hashlib.sha256(IMAGE).hexdigest()
    image = ImageInfo("jpeg", 32, 24, 1, "image/jpeg", "jpg")
    known = KnownImage(url_key(Url.parse(final_url or url)), sha256, len(IMAGE), image, validators)
    stored = None if is_stored is None else asyncio.get_running_loop().create_future()
    if stored is not None:
        stored.set_result(is_stored)
    stats = FetchStats()
    try:
        condition = Condition(known, validators, stored)
        result = await client.downloader.download(Url.parse(url), stats, Deadline.after(30.0), condition)
    except IntakeError as error:
        return error.code, stats
    if isinstance(result, Download):
        with result as download:
            assert bytes(download.body) == IMAGE
    return result, stats


@pytest.mark.parametrize(
    ("expected", "validators"),
    [
        ({"if-none-match": ETAG}, Validators(etag=ETAG)),
        ({"if-modified-since": SINCE}, Validators(last_modified=SINCE)),
    ],
)
@pytest.mark.parametrize("is_stored", [True, None])
async def test_origin_gets_the_validator_and_its_304_is_the_result(
    expected: dict[str, str], validators: Validators, origin: Origin, client: Client, *, is_stored: bool | None
) -> None:
    origin.default_responder = respond_with(head(f"ETag: {ETAG}" if validators.etag else "X: y", status="304 Same"))
    result, stats = await ask(client, origin.url("photo"), validators, is_stored=is_stored)
    assert isinstance(result, Unchanged)
    assert str(result.final_url) == origin.url("photo")
    assert [conditions_of(request) for request in origin.requests] == [expected]
    assert stats.attempts == 1
    assert client.free_bytes == client.limits.memory_budget_bytes


@pytest.mark.parametrize(
    "not_modified",
    [
        head('ETag: "v2"', status="304 Not Modified"),
        head(f"ETag: W/{ETAG}", status="304 Not Modified"),
        head("Content-Length: 0", status="412 Precondition Failed"),
    ],
    ids=["other etag", "weak etag", "412"],
)
async def test_image_is_downloaded_when_the_origin_does_not_confirm_the_validator(
    not_modified: bytes, origin: Origin, client: Client
) -> None:
    origin.default_responder = respond_with(not_modified)
    result, stats = await ask(client, origin.url("photo"), Validators(etag=ETAG))
    assert isinstance(result, Download)
    assert [bool(conditions_of(request)) for request in origin.requests] == [True, False]
    assert stats.attempts == 2


@pytest.mark.parametrize(
    ("status", "conditions"),
    [
        ("400 Bad Request", [True, False]),
        ("416 Range Not Satisfiable", [True, False]),
        ("428 Precondition Required", [True, False]),
        ("500 Internal Server Error", [True, True, False]),
        ("501 Not Implemented", [True, True, False]),
        ("", [True, True, False]),
    ],
)
async def test_image_is_downloaded_when_the_origin_fails_at_the_condition(
    status: str, conditions: list[bool], origin: Origin, client: Client
) -> None:
    """The empty status stands for an origin that closes the connection."""

    async def respond(_: Reader, writer: Writer, request: Request) -> None:
        if not conditions_of(request):
            await send(writer, response_with(IMAGE, f"ETag: {ETAG}"))
        elif status:
            await send(writer, response_with(b"", status=status))
        else:
            await send(writer, b"HTTP/1.1 304")
            writer.close()

    origin.default_responder = respond
    result, stats = await ask(client, origin.url("photo"), Validators(etag=ETAG))
    assert isinstance(result, Download)
    assert [bool(conditions_of(request)) for request in origin.requests] == conditions
    assert stats.attempts == len(conditions)
    assert client.free_bytes == client.limits.memory_budget_bytes


@pytest.mark.parametrize(("status", "code"), [("404 Not Found", "not_found"), ("403 Forbidden", "access_denied")])
async def test_image_is_not_requested_again_when_the_origin_says_that_it_is_gone_or_denied(
    status: str, code: str, origin: Origin, client: Client
) -> None:
    origin.default_responder = respond_with(response_with(b"", status=status))
    assert (await ask(client, origin.url("photo"), Validators(etag=ETAG)))[0] == code
    assert len(origin.requests) == 1


async def test_image_is_downloaded_when_its_object_is_gone(origin: Origin, client: Client) -> None:
    origin.default_responder = respond_with(head(f"ETag: {ETAG}", status="304 Not Modified"))
    result, _ = await ask(client, origin.url("photo"), Validators(etag=ETAG), is_stored=False)
    assert isinstance(result, Download)
    assert [bool(conditions_of(request)) for request in origin.requests] == [True, False]


@pytest.mark.parametrize("is_stored", [True, False])
async def test_origin_that_answers_304_to_everything_is_refused_where_the_image_is_not_stored(
    origin: Origin, client: Client, *, is_stored: bool
) -> None:
    async def respond(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, head(status="304 Not Modified"))

    origin.default_responder = respond
    result, _ = await ask(client, origin.url("photo"), Validators(etag=ETAG), is_stored=is_stored)
    assert isinstance(result, Unchanged) if is_stored else result == "unexpected_status"
    assert (await client.get(origin.url("photo"))).code == "unexpected_status"


async def test_image_is_downloaded_when_it_has_changed(origin: Origin, client: Client) -> None:
    origin.default_responder = respond_with(response_with(IMAGE, 'ETag: "v2"'))
    result, _ = await ask(client, origin.url("photo"), Validators(etag=ETAG))
    assert isinstance(result, Download)
    assert result.headers["etag"] == '"v2"'
    assert len(origin.requests) == 1


def redirecting(target: Callable[[Request], str]) -> Responder:
    """Redirect /start; answer other paths like an origin that knows the validator."""
    known = respond_with(head(f"ETag: {ETAG}", status="304 Not Modified"))

    async def respond(reader: Reader, writer: Writer, request: Request) -> None:
        if request.target.startswith("/start"):
            await send(writer, redirect(target(request)))
        else:
            await known(reader, writer, request)

    return respond


async def test_validator_goes_only_to_the_url_that_gave_it(origin: Origin, client: Client) -> None:
    origin.default_responder = redirecting(lambda request: f"{request.base}/photo")
    result, _ = await ask(client, origin.url("start"), Validators(etag=ETAG), final_url=origin.url("photo"))
    assert isinstance(result, Unchanged)
    assert str(result.final_url) == origin.url("photo")
    assert [conditions_of(request) for request in origin.requests] == [{}, {"if-none-match": ETAG}]


async def test_validator_is_not_sent_when_the_redirect_has_another_target(origin: Origin, client: Client) -> None:
    origin.default_responder = redirecting(lambda request: f"{request.base}/other")
    result, _ = await ask(client, origin.url("start"), Validators(etag=ETAG), final_url=origin.url("photo"))
    assert isinstance(result, Download)
    assert [conditions_of(request) for request in origin.requests] == [{}, {}]


async def test_validator_is_sent_again_when_the_first_attempt_fails(origin: Origin, client: Client) -> None:
    known = respond_with(head(f"ETag: {ETAG}", status="304 Not Modified"))

    async def respond(reader: Reader, writer: Writer, request: Request) -> None:
        if request.nth == 1:
            await send(writer, response_with(b"", status="503 Busy"))
        else:
            await known(reader, writer, request)

    origin.default_responder = respond
    result, stats = await ask(client, origin.url("photo"), Validators(etag=ETAG))
    assert isinstance(result, Unchanged)
    assert stats.attempts == 2


async def test_connection_is_reused_after_a_304(origin: Origin, client: Client) -> None:
    origin.default_responder = respond_with(head(f"ETag: {ETAG}", f"Content-Length: {len(IMAGE)}", status="304 Same"))
    for _ in range(3):
        result, _ = await ask(client, origin.url("photo"), Validators(etag=ETAG))
        assert isinstance(result, Unchanged)
    assert origin.connections == 1

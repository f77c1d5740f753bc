"""`BucketSource`: what it sends to S3, in which region, and what it makes of the response. No request leaves."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from typing import override

import boto3
import httpx
import pytest
from botocore.exceptions import ProfileNotFound

from intake.http_client.errors import DnsError
from intake.model.error_codes import IntakeError, StoreFailed
from intake.model.url import Url
from intake.s3.signer import Signer
from intake.sources.bucket_source import BucketSource

type Answer = tuple[int, dict[str, str], bytes]

WRONG_REGION = b"<Error><Code>AuthorizationQueryParametersError</Code><Region>us-west-2</Region></Error>"
NO_KEY = b"<Error><Code>NoSuchKey</Code></Error>"


class _Stream(httpx.AsyncByteStream):
    def __init__(self, body: bytes, closed: list[int]) -> None:
        self._body = body
        self._closed = closed

    @override
    async def __aiter__(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._body), 16_384):
            yield self._body[start : start + 16_384]

    @override
    async def aclose(self) -> None:
        self._closed.append(1)


class FakeS3(httpx.AsyncBaseTransport):
    """Answers a request by its region, and records it.

    Attributes:
        sent: the URL of each request without its signature, with the region that it is signed for.
        requests: the requests.
        closed: has an item for each response that was closed.
    """

    def __init__(self, answer: Callable[[str], Answer]) -> None:
        self._answer = answer
        self.sent: list[str] = []
        self.requests: list[httpx.Request] = []
        self.closed: list[int] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        await asyncio.sleep(0)
        query = httpx.QueryParams(request.extensions["target"].partition(b"?")[2])
        region = query["X-Amz-Credential"].split("/")[2]
        path = request.extensions["target"].decode().partition("?")[0]
        version = f"?versionId={query['versionId']}" if "versionId" in query else ""
        self.sent.append(f"{region} {request.url.host}{path}{version}")
        status, headers, body = self._answer(region)
        return httpx.Response(status, headers=headers, stream=_Stream(body, self.closed), request=request)


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")


def make_signer(region: str | None, made: list[str | None] | None = None) -> Signer:
    if made is not None:
        made.append(region)
    session = boto3.Session("key", "secret", "token", region_name="eu-central-1")
    return Signer(session, "my-photos", region)


async def get(source: BucketSource, name: str = "a.jpg", **headers: str) -> int | str:
    """Request an object as the downloader does; return the status of the response, or the code of the error."""
    url = Url.parse(f"s3://my-photos/{name}")
    fields = {"Host": url.authority, "User-Agent": "test"} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    extensions = {"target": url.target.encode(), "waiting": asyncio.Lock}
    try:
        response = await source.handle_async_request(
            httpx.Request("GET", url.origin, headers=fields, extensions=extensions)
        )
    except IntakeError as error:
        return error.code
    assert response.status_code != 301
    return response.status_code


async def test_request_is_signed_for_the_bucket_and_has_the_headers_of_the_downloader() -> None:
    s3 = FakeS3(lambda _: (200, {}, b"image"))
    source = BucketSource(make_signer, s3)
    assert await get(source, "lot 7/a+b%20#1.jpg", If_None_Match='"1"') == 200
    assert await get(source, "a.jpg?versionId=v/1") == 200
    assert await get(source, "a.jpg?versionId=v+1") == 200

    host = "my-photos.s3.eu-central-1.amazonaws.com"
    assert s3.sent == [
        f"eu-central-1 {host}/lot%207/a%2Bb%2520%231.jpg",
        f"eu-central-1 {host}/a.jpg%3FversionId%3Dv/1",
        f"eu-central-1 {host}/a.jpg?versionId=v+1",
    ]
    assert dict(s3.requests[0].headers) == {"host": host, "user-agent": "test", "if-none-match": '"1"'}
    assert s3.requests[0].extensions["waiting"] is asyncio.Lock
    assert s3.closed == []  # the downloader reads the body


@pytest.mark.parametrize("status", [200, 206, 304, 408, 412, 429, 500, 503])
async def test_response_is_returned_when_it_means_the_same_from_any_origin(status: int) -> None:
    assert await get(BucketSource(make_signer, FakeS3(lambda _: (status, {}, b"x")))) == status


@pytest.mark.parametrize(
    "redirect",
    [
        (301, {"x-amz-bucket-region": "us-west-2"}, b""),
        (307, {"x-amz-bucket-region": "us-west-2", "Location": "https://elsewhere.example/"}, b""),
        (400, {}, WRONG_REGION),
    ],
)
async def test_source_finds_the_region_of_its_bucket_and_remembers_it(redirect: Answer) -> None:
    made: list[str | None] = []
    s3 = FakeS3(lambda region: (200, {}, b"x") if region == "us-west-2" else redirect)
    source = BucketSource(partial(make_signer, made=made), s3)

    assert await asyncio.gather(*(get(source, f"{number}.jpg") for number in range(4))) == [200] * 4
    assert await get(source, "later.jpg") == 200

    assert [entry.partition(" ")[0] for entry in s3.sent] == ["eu-central-1"] * 4 + ["us-west-2"] * 5
    assert s3.sent[-1] == "us-west-2 my-photos.s3.us-west-2.amazonaws.com/later.jpg"
    assert (made, len(s3.closed)) == ([None, "us-west-2"], 4)


async def test_source_with_the_region_of_its_bucket_sends_no_other_request() -> None:
    s3 = FakeS3(lambda region: (200, {}, b"x") if region == "us-west-2" else (301, {}, b""))
    assert await get(BucketSource(make_signer, s3, "us-west-2")) == 200
    assert len(s3.sent) == 1


@pytest.mark.parametrize("wrong", ["-", "123", "r" * 64, "nowhere-1"])
async def test_source_asks_in_its_own_region_again_after_a_wrong_one(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("intake.sources.bucket_source._MISSING_SECONDS", 0.0)
    redirects = [(301, {"x-amz-bucket-region": wrong}, b"")]

    def answer(region: str) -> Answer:
        if region == wrong:
            raise DnsError("no such host")
        return redirects.pop() if redirects else (200, {}, b"x")

    source = BucketSource(make_signer, FakeS3(answer))
    with suppress(DnsError):
        assert await get(source) == "credentials_unavailable"
    assert await get(source) == 200


@pytest.mark.parametrize(
    ("expected", "requests", "answer"),
    [
        ("http_client_error", 1, (301, {}, b"<Error><Code>PermanentRedirect</Code></Error>")),
        ("http_client_error", 1, (302, {"Location": "https://elsewhere.example/"}, b"")),
        ("http_client_error", 1, (301, {"x-amz-bucket-region": "eu-central-1"}, b"")),
        ("http_client_error", 2, (301, {"x-amz-bucket-region": "eu-west-3"}, b"")),
        ("http_client_error", 1, (301, {"x-amz-bucket-region": "not a region"}, b"")),
        ("not_found", 1, (404, {}, NO_KEY)),
        ("not_found", 2, (404, {"x-amz-bucket-region": "eu-west-3"}, NO_KEY)),
        ("not_found", 1, (404, {}, NO_KEY + b"x" * 10**7)),
    ],
)
async def test_source_follows_no_other_redirect_and_closes_error_responses(
    expected: str, requests: int, answer: Answer
) -> None:
    s3 = FakeS3(lambda _: answer)
    assert await get(BucketSource(make_signer, s3)) == expected
    assert (len(s3.sent), len(s3.closed)) == (requests, requests)


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("cannot sign: NoCredentialsError: gone", StoreFailed(reason="cannot sign: NoCredentialsError: gone")),
        ("cannot sign: ProfileNotFound: The config profile (x) could not be found", ProfileNotFound(profile="x")),
        ("cannot sign: OSError: no file", OSError("no file")),
    ],
)
async def test_missing_credentials_are_those_of_this_source_and_looked_for_again_after_seconds(
    reason: str, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr("intake.sources.bucket_source.monotonic", lambda: now)
    attempts: list[int] = []

    def make(region: str | None) -> Signer:
        attempts.append(1)
        if now == 100.0:
            raise error
        return make_signer(region)

    s3 = FakeS3(lambda _: (200, {}, b"x"))
    source = BucketSource(make, s3)
    request = httpx.Request("GET", "s3://my-photos", extensions={"target": b"/a.jpg"})
    for _ in range(20):
        with pytest.raises(IntakeError) as caught:
            await source.handle_async_request(request)
        assert (caught.value.code, caught.value.reason, s3.sent) == ("credentials_unavailable", reason, [])
    assert len(attempts) <= 2

    now = 106.0
    assert await get(source) == 200


async def test_credentials_that_cannot_be_renewed_are_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    def sign(*_: object) -> None:
        raise StoreFailed(reason="cannot sign: CredentialRetrievalError")

    s3 = FakeS3(lambda _: (200, {}, b"x"))
    source = BucketSource(make_signer, s3)
    monkeypatch.setattr(Signer, "sign", sign)
    assert (await get(source), s3.sent) == ("credentials_unavailable", [])


async def test_source_asks_boto3_for_nothing_before_its_first_request() -> None:
    made: list[str | None] = []
    source = BucketSource(partial(make_signer, made=made), FakeS3(lambda _: (200, {}, b"x")))
    await source.aclose()
    assert made == []

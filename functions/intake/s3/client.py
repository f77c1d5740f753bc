"""S3Client: sends requests to one S3 bucket. `Signer` signs them with the credentials of boto3.

boto3's own `put_object` takes a thread and milliseconds of CPU for each call, many times as much as this client.
"""

import asyncio
import random
from collections.abc import Buffer, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from intake.http_client.errors import TransportError
from intake.http_client.transport import NO_BODY, BytesBody, origin_url
from intake.ingest.ports import DocumentTooLarge
from intake.model.backoff import backoff
from intake.model.error_codes import StoreDenied, StoreFailed
from intake.s3.error_response import error_code

if TYPE_CHECKING:
    from intake.s3.background_signer import BackgroundSigner
    from intake.s3.signer import SignedUrl  # not at runtime: boto3 is imported while the first images download

OK = 200
PARTIAL_CONTENT = 206
NOT_FOUND = 404
PRECONDITION_FAILED = 412
RANGE_NOT_SATISFIABLE = 416

CONNECT_TIMEOUT = 3.0
READ_TIMEOUT = 10.0
MAX_CONCURRENT_CONNECTS = 8
"""Connections that are opened at the same time. S3 is near, so handshakes take CPU time, not waiting time."""

_MAX_ATTEMPTS = 4
_BACKOFF_BASE_SECONDS = 0.1
_BACKOFF_CAP_SECONDS = 2.0
_ATTEMPT_TIMEOUT = 20.0
"""Seconds for one attempt with its upload. The read timeout applies only while the client waits for the response."""

_SINGLE_ATTEMPT_TIMEOUT = 2.0
"""The same for a request that is not retried: it only saves work, which takes no longer."""

_MAX_RESPONSE_BYTES = 16 * 1024 * 1024
_MAX_SINGLE_ATTEMPT_BYTES = 1024 * 1024
"""The same for a request that is not retried. No document that saves work has more, and many may be read at once."""

_EXPECTED_STATUS = {
    "PUT": frozenset({OK, PRECONDITION_FAILED}),
    "HEAD": frozenset({OK, NOT_FOUND}),
    "GET": frozenset({OK, PARTIAL_CONTENT, NOT_FOUND, PRECONDITION_FAILED, RANGE_NOT_SATISFIABLE}),
}
_SUCCESS = frozenset({OK, PARTIAL_CONTENT})
# 307: DNS does not know the new bucket yet. 409: a conditional write raced with another one. The codes include bytes
# that the network damaged and a wrong clock: each attempt is signed and sent anew (Amazon S3 API Reference, "Error
# responses").
_TRANSIENT_STATUS = frozenset({307, 408, 409, 429})
_CONFLICT = 409
_SERVER_ERROR = 500
_NOT_IMPLEMENTED = 501
_TRANSIENT_CODES = frozenset(
    {
        "BadDigest",
        "ExpiredToken",
        "IncompleteBody",
        "InvalidDigest",
        "RequestTimeout",
        "RequestTimeTooSkewed",
        "SlowDown",
    }
)


class WriteConflict(StoreFailed):
    """A conditional write raced with another one (409; Amazon S3 User Guide, "Conditional writes")."""


@dataclass(frozen=True, slots=True)
class S3Response:
    """An expected response of S3: success, a missing object, or a condition that is not met.

    Attributes:
        status: the HTTP status.
        headers: the HTTP headers; names are case-insensitive.
        body: the complete body.
        content_length: the Content-Length, which for a HEAD is the size of the object; None if there is none.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    content_length: int | None = None


class S3Client:
    """Sends requests for the objects of one bucket, and retries what may succeed later."""

    def __init__(self, signer: "BackgroundSigner", transport: httpx.AsyncBaseTransport) -> None:
        """Use a signer for the bucket, and a transport that raises `TransportError`."""
        self._signer = signer
        self._transport = transport

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    @property
    def is_ready(self) -> bool:
        """Whether a request can be signed at once."""
        return self._signer.is_ready

    async def call(
        self, method: str, key: str, headers: dict[str, str], body: Buffer | None = None, *, retry: bool = True
    ) -> S3Response:
        """Send a request, at most four times.

        Args:
            method: GET, HEAD or PUT.
            key: the key of the object.
            headers: the headers, all of which are signed.
            body: the body of a PUT.
            retry: whether a failed attempt is repeated. Without it, the only attempt takes two seconds at most, and its
                response has 1 MiB at most. The transport still sends a request again that is lost on an idle
                connection, which S3 has closed.

        Returns:
            The response. A missing object and a condition that is not met are responses, not errors.

        Raises:
            DocumentTooLarge: the response has too many bytes; it is a StoreFailed.
            WriteConflict: other writes of the key were under way at each attempt; it is a StoreFailed.
            StoreFailed, StoreDenied: S3 sent no expected response.
        """
        if not retry:
            return await self._call_once(method, key, headers, body, retry=False)
        for attempt in range(1, _MAX_ATTEMPTS):
            try:
                return await self._call_once(method, key, headers, body)
            except StoreFailed:
                jitter = random.random()  # noqa: S311 - not a secret
                await asyncio.sleep(backoff(attempt, jitter, base=_BACKOFF_BASE_SECONDS, cap=_BACKOFF_CAP_SECONDS))
        return await self._call_once(method, key, headers, body)

    async def _call_once(
        self, method: str, key: str, headers: dict[str, str], body: Buffer | None, *, retry: bool = True
    ) -> S3Response:
        seconds = _ATTEMPT_TIMEOUT if retry else _SINGLE_ATTEMPT_TIMEOUT
        timeout = asyncio.timeout(seconds)
        try:
            async with timeout:
                signed = (await self._signer.get()).sign(method, key, headers)
                request = _make_request(signed, method, headers, body)
                request.extensions["waiting"] = lambda: _restart_after_wait(timeout, seconds)  # noqa: F821 - deleted below
                response = await self._transport.handle_async_request(request)
                try:
                    content = await _read_body(response, _MAX_RESPONSE_BYTES if retry else _MAX_SINGLE_ATTEMPT_BYTES)
                finally:
                    await response.stream.aclose()  # type: ignore[union-attr]  # an async transport's stream is async
        except TimeoutError as error:
            raise StoreFailed(reason=f"S3 took longer than {seconds:g} seconds") from error
        except TransportError as error:
            raise StoreFailed(reason=f"{type(error).__name__}: {error}") from error
        finally:
            # A cancelled task refers to this frame, and the timeout to the task: the cycle would keep the body.
            del timeout
        # S3 answers 404, not 412, to If-Match for a missing object.
        expected = _EXPECTED_STATUS[method] | ({NOT_FOUND} if "If-Match" in headers else set())
        if response.status_code not in expected or _is_bucket_missing(response.status_code, content):
            refused = error_for(response.status_code, content)
            raise WriteConflict(reason=refused.reason) if response.status_code == _CONFLICT else refused
        if response.status_code in _SUCCESS:
            _require_real_success(method, response, content)
        return S3Response(response.status_code, response.headers, content, response.extensions.get("content_length"))


@contextmanager
def _restart_after_wait(timeout: asyncio.Timeout, seconds: float) -> Generator[None]:
    """Do not count the time in which a request waits for a connection because of our own limits."""
    timeout.reschedule(None)
    try:
        yield
    finally:
        timeout.reschedule(asyncio.get_running_loop().time() + seconds)


def _make_request(signed: "SignedUrl", method: str, headers: dict[str, str], body: Buffer | None) -> httpx.Request:
    length = {} if body is None else {"Content-Length": str(memoryview(body).nbytes)}
    return httpx.Request(
        method,
        origin_url(signed.origin),
        headers={"Host": signed.host} | headers | length,
        stream=NO_BODY if body is None else BytesBody(body),
        extensions={"target": signed.target.encode("ascii")},
    )


def _require_real_success(method: str, response: httpx.Response, content: bytes) -> None:
    """Accept a success that S3 itself sent, after it had received the whole object.

    Raises:
        StoreFailed: the status claims more than S3 did. Nothing may count as stored then.
    """
    if "etag" not in response.headers:
        # S3 always sends an ETag, so a proxy in between sent this response.
        raise StoreFailed(reason=f"response {response.status_code} has no ETag, so it is not from S3")
    if method != "PUT":
        return
    # The success of a PUT has no body (Amazon S3 API Reference, "PutObject"). S3 sends the status before the work is
    # done where that takes long, and then an error as the body; a proxy may send a page.
    if content and not content.isspace():
        raise StoreFailed(reason=f"S3 answered {response.status_code} with a body {error_code(content)}".rstrip())
    if not response.extensions.get("was_request_received", True):
        raise StoreFailed(reason=f"S3 answered {response.status_code} before it had received the whole object")


async def _read_body(response: httpx.Response, max_bytes: int) -> bytes:
    content = bytearray()
    async for chunk in response.stream:  # type: ignore[union-attr]  # an async transport's stream is async
        content += chunk
        if len(content) > max_bytes:
            raise DocumentTooLarge(reason=f"S3 answered {response.status_code} with more than {max_bytes} bytes")
    return bytes(content)


def _is_bucket_missing(status: int, content: bytes) -> bool:
    return status == NOT_FOUND and error_code(content) == "NoSuchBucket"


def error_for(status: int, content: bytes) -> StoreFailed | StoreDenied:
    """Map an error response of S3 to an error: StoreFailed if a retry may help, else StoreDenied.

    Args:
        status: the HTTP status of the response.
        content: the body, an XML `Error` with a `Code` (Amazon S3 API Reference, "Error responses").
    """
    code = error_code(content)
    reason = f"S3 answered {status} {code}".rstrip()
    is_server_error = status >= _SERVER_ERROR and status != _NOT_IMPLEMENTED
    if is_server_error or status in _TRANSIENT_STATUS or code in _TRANSIENT_CODES:
        return StoreFailed(reason=reason)
    return StoreDenied(reason=reason)

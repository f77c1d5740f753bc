"""One S3 bucket: boto3 signs, httpx carries.

`put_object` costs milliseconds of CPU a call, and a thread; a signed URL costs a tenth of a millisecond.
"""

import asyncio
import random
import re
from collections.abc import Buffer, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
from botocore.exceptions import BotoCoreError

from intake.http_client.transport import NO_BODY, BytesBody, origin_url
from intake.model.backoff import backoff
from intake.model.errors import IntakeError, StoreDenied, StoreFailed

if TYPE_CHECKING:
    from intake.s3.background_value import BackgroundValue
    from intake.s3.signer import SignedUrl, Signer  # boto3 comes in while the first images are on their way

OK = 200
PARTIAL_CONTENT = 206
NOT_FOUND = 404
PRECONDITION_FAILED = 412
RANGE_NOT_SATISFIABLE = 416

CONNECT_SECONDS = 3.0
DIALS = 8
"""Connections that are opened at once: S3 is near, and what a handshake takes is our own time."""

READ_SECONDS = 10.0

_ATTEMPTS = 4
_BACKOFF_BASE_SECONDS = 0.1
_BACKOFF_CAP_SECONDS = 2.0
_CALL_SECONDS = 20.0
"""One attempt, the upload in it: silence is only counted where an answer is due."""

_MAX_ANSWER_BYTES = 16 * 1024 * 1024
_ANSWERS = {
    "PUT": frozenset({OK, PRECONDITION_FAILED}),
    "HEAD": frozenset({OK, NOT_FOUND}),
    "GET": frozenset({OK, PARTIAL_CONTENT, NOT_FOUND, PRECONDITION_FAILED, RANGE_NOT_SATISFIABLE}),
}
_OBJECT = frozenset({OK, PARTIAL_CONTENT})
# A conditional write that raced with another (409), a name that does not lead to the new bucket yet (307), a checksum
# that the way spoilt or a clock that was off: the next attempt is signed and sent anew (Amazon S3 API Reference,
# "Error responses").
_TRANSIENT_STATUS = frozenset({307, 408, 409, 429})
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
_CODE = re.compile(rb"<Code>([A-Za-z0-9.]{1,64})</Code>")


@dataclass(frozen=True, slots=True)
class S3Response:
    """What S3 says: a status that is no failure of the call, the headers, and the whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class S3Client:
    """Calls for the objects of one bucket, repeated where that may help."""

    def __init__(self, signer: "BackgroundValue[Signer]", transport: httpx.AsyncBaseTransport) -> None:
        """Take over a signer, which knows the bucket, and a transport, which raises leaves of `IntakeError` only."""
        self._signer = signer
        self._transport = transport

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def call(self, method: str, key: str, headers: dict[str, str], body: Buffer | None = None) -> S3Response:
        """Call S3 until it answers.

        Args:
            method: GET, HEAD or PUT.
            key: of the object.
            headers: all of them are signed.
            body: of a PUT.

        Returns:
            An answer; that an object is not there, or a condition not met, is one.

        Raises:
            StoreFailed, StoreDenied: there is none.
        """
        for attempt in range(1, _ATTEMPTS):
            try:
                return await self._call_once(method, key, headers, body)
            except StoreFailed:
                jitter = random.random()  # noqa: S311 - not a secret
                await asyncio.sleep(backoff(attempt, jitter, base=_BACKOFF_BASE_SECONDS, cap=_BACKOFF_CAP_SECONDS))
        return await self._call_once(method, key, headers, body)

    async def _call_once(self, method: str, key: str, headers: dict[str, str], body: Buffer | None) -> S3Response:
        try:
            async with asyncio.timeout(_CALL_SECONDS):
                signed = (await self._signer.get()).sign(method, key, headers)
                answer = await self._transport.handle_async_request(_request(signed, method, headers, body))
                try:
                    document = await _read(answer)
                finally:
                    await answer.stream.aclose()  # type: ignore[union-attr]  # an async transport's stream is async
        except TimeoutError as error:
            raise StoreFailed(reason=f"S3 took longer than {_CALL_SECONDS:g} seconds") from error
        except IntakeError as error:
            raise StoreFailed(reason=f"{error.code}: {error.reason}") from error
        except BotoCoreError as error:
            raise StoreFailed(reason=f"cannot sign: {type(error).__name__}: {error}") from error
        # A condition on what is there also fails, in its own way, where nothing is.
        answers = _ANSWERS[method] | ({NOT_FOUND} if "If-Match" in headers else set())
        if answer.status_code not in answers or _no_bucket(answer.status_code, document):
            raise refusal(answer.status_code, document)
        if answer.status_code in _OBJECT and "etag" not in answer.headers:
            # S3 names whatever it takes or gives. Something on the way says 200 of its own.
            raise StoreFailed(reason=f"{answer.status_code} without an ETag: S3 did not say that")
        return S3Response(answer.status_code, answer.headers, document)


def _request(signed: "SignedUrl", method: str, headers: dict[str, str], body: Buffer | None) -> httpx.Request:
    length = {} if body is None else {"Content-Length": str(memoryview(body).nbytes)}
    return httpx.Request(
        method,
        origin_url(signed.origin),
        headers={"Host": signed.host} | headers | length,
        stream=NO_BODY if body is None else BytesBody(body),
        extensions={"target": signed.target.encode("ascii")},
    )


async def _read(answer: httpx.Response) -> bytes:
    body = bytearray()
    async for chunk in answer.stream:  # type: ignore[union-attr]  # an async transport's stream is async
        body += chunk
        if len(body) > _MAX_ANSWER_BYTES:
            raise StoreFailed(reason=f"S3 answered {answer.status_code} with more than {_MAX_ANSWER_BYTES} bytes")
    return bytes(body)


def _no_bucket(status: int, document: bytes) -> bool:
    return status == NOT_FOUND and _code(document) == "NoSuchBucket"


def refusal(status: int, document: bytes) -> StoreFailed | StoreDenied:
    """Say what an error answer of S3 means: whether asking again may help.

    Args:
        status: of the answer.
        document: its body, an XML `Error` with a `Code` (Amazon S3 API Reference, "Error responses").
    """
    code = _code(document)
    reason = f"S3 answered {status} {code}".rstrip()
    failing = status >= _SERVER_ERROR and status != _NOT_IMPLEMENTED
    if failing or status in _TRANSIENT_STATUS or code in _TRANSIENT_CODES:
        return StoreFailed(reason=reason)
    return StoreDenied(reason=reason)


def _code(document: bytes) -> str:
    found = _CODE.search(document)
    return found[1].decode("ascii") if found else ""

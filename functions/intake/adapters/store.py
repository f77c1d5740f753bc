"""S3: boto3 signs, httpx carries.

`put_object` costs milliseconds of CPU a call, and a thread; a signed URL costs a tenth of a millisecond.
"""

import asyncio
import base64
import random
import re
from collections.abc import Buffer

import httpx

from intake.adapters.signer import Signer
from intake.adapters.transport import Slices, origin_url
from intake.domain.errors import IntakeError, StoreDenied, StoreFailed
from intake.domain.image import Image
from intake.domain.retry import backoff

_ATTEMPTS = 4
_MAX_ERROR_BYTES = 64 * 1024

_OK = 200
_NOT_FOUND = 404
_PRECONDITION_FAILED = 412
# A conditional write that raced with another (409), a checksum that the way spoilt or a clock that was off: the
# next attempt is signed and sent anew (Amazon S3 API Reference, "Error responses").
_TRANSIENT_STATUS = frozenset({408, 409, 429, 500, 502, 503, 504})
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


class S3Store:
    """The Store port over one bucket."""

    def __init__(self, signer: Signer, transport: httpx.AsyncBaseTransport) -> None:
        """Take over a signer, which knows the bucket, and a transport, which raises leaves of `IntakeError` only."""
        self._signer = signer
        self._transport = transport

    async def aclose(self) -> None:
        """Close every connection."""
        await self._transport.aclose()

    async def put_image(self, key: str, image: Image, body: Buffer, sha256: str) -> bool:
        """See `Store.put_image`. S3 itself refuses a second copy, and bytes that are not those of the digest."""
        headers = {
            "Content-Type": image.content_type,
            "If-None-Match": "*",
            "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode("ascii"),
        }
        status, _ = await self._call("PUT", key, headers, body)
        return status == _PRECONDITION_FAILED

    async def put_receipt(self, key: str, document: bytes) -> None:
        """See `Store.put_receipt`."""
        await self._call("PUT", key, {"Content-Type": "application/json"}, document)

    async def get_receipt(self, key: str) -> bytes | None:
        """See `Store.get_receipt`."""
        status, document = await self._call("GET", key, {}, None)
        return None if status == _NOT_FOUND else document

    async def _call(self, method: str, key: str, headers: dict[str, str], body: Buffer | None) -> tuple[int, bytes]:
        """Call S3 until it answers, and return its status (200, or one that `_is_answer` names) and body."""
        for attempt in range(1, _ATTEMPTS):
            try:
                return await self._call_once(method, key, headers, body)
            except StoreFailed:
                await asyncio.sleep(backoff(attempt, random.random()))  # noqa: S311 - jitter, not a secret
        return await self._call_once(method, key, headers, body)

    async def _call_once(
        self, method: str, key: str, headers: dict[str, str], body: Buffer | None
    ) -> tuple[int, bytes]:
        request = self._request(method, key, headers, body)
        try:
            answer = await self._transport.handle_async_request(request)
            try:
                document = await _read(answer)
            finally:
                await answer.aclose()
        except IntakeError as error:
            raise StoreFailed(reason=f"{error.code}: {error.reason}") from error
        if answer.status_code == _OK or _is_answer(method, answer.status_code, document):
            return answer.status_code, document
        raise refusal(answer.status_code, document)

    def _request(self, method: str, key: str, headers: dict[str, str], body: Buffer | None) -> httpx.Request:
        signed = self._signer.sign(method, key, headers)
        length = {} if body is None else {"Content-Length": str(memoryview(body).nbytes)}
        return httpx.Request(
            method,
            origin_url(signed.origin),
            headers=headers | length,
            stream=None if body is None else Slices(body),
            extensions={"target": signed.target.encode("ascii")},
        )


async def _read(answer: httpx.Response) -> bytes:
    return b"".join([chunk async for chunk in answer.stream])  # type: ignore[union-attr]


def _is_answer(method: str, status: int, document: bytes) -> bool:
    if method == "PUT":
        return status == _PRECONDITION_FAILED
    return status == _NOT_FOUND and _code(document) != "NoSuchBucket"


def refusal(status: int, document: bytes) -> StoreFailed | StoreDenied:
    """Say what an error answer of S3 means: whether asking again may help.

    Args:
        status: of the answer.
        document: its body, an XML `Error` with a `Code` (Amazon S3 API Reference, "Error responses").
    """
    code = _code(document)
    reason = f"S3 answered {status} {code}".rstrip()
    if status in _TRANSIENT_STATUS or code in _TRANSIENT_CODES:
        return StoreFailed(reason=reason)
    return StoreDenied(reason=reason)


def _code(document: bytes) -> str:
    found = _CODE.search(document[:_MAX_ERROR_BYTES])
    return found[1].decode("ascii") if found else ""

"""S3: boto3 signs, httpx carries.

`put_object` costs milliseconds of CPU a call and a thread; a presigned URL costs a tenth of that, is public API, and
leaves endpoints, regions, credentials and their renewal to boto3.
"""

import asyncio
import base64
import random
import re
from collections.abc import Buffer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from intake.adapters.transport import Slices
from intake.domain.errors import IntakeError, StoreDenied, StoreFailed, Transient
from intake.domain.image import Image
from intake.domain.retry import backoff

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ATTEMPTS = 4
_SIGNATURE_SECONDS = 300
_MAX_ERROR_BYTES = 64 * 1024
_JSON = "application/json"

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

    def __init__(self, client: "S3Client", transport: httpx.AsyncBaseTransport, bucket: str) -> None:
        """Take over a client and a transport.

        Args:
            client: signs, with signature version s3v4; is never called over the network.
            transport: raises leaves of `IntakeError` only.
            bucket: where everything goes.
        """
        self._client = client
        self._transport = transport
        self._bucket = bucket

    async def put_image(self, key: str, image: Image, body: Buffer, sha256: str) -> bool:
        """See `Store.put_image`. S3 itself refuses a second copy, and bytes that are not those of the digest."""
        headers = {
            "Content-Type": image.content_type,
            "If-None-Match": "*",
            "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode("ascii"),
        }
        signed = {
            "ContentType": headers["Content-Type"],
            "IfNoneMatch": headers["If-None-Match"],
            "ChecksumSHA256": headers["x-amz-checksum-sha256"],
        }
        status, _ = await self._call("put_object", key, signed, headers, body)
        return status == _PRECONDITION_FAILED

    async def put_receipt(self, key: str, document: bytes) -> None:
        """See `Store.put_receipt`."""
        await self._call("put_object", key, {"ContentType": _JSON}, {"Content-Type": _JSON}, document)

    async def get_receipt(self, key: str) -> bytes | None:
        """See `Store.get_receipt`."""
        status, document = await self._call("get_object", key, {}, {}, None)
        return None if status == _NOT_FOUND else document

    async def _call(
        self, operation: str, key: str, signed: dict[str, Any], headers: dict[str, str], body: Buffer | None
    ) -> tuple[int, bytes]:
        """Call S3 until it answers, and return its status (200, or one that `_is_answer` names) and body."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._call_once(operation, key, signed, headers, body)
            except Transient as error:
                if attempt == _ATTEMPTS:
                    raise
                del error
                await asyncio.sleep(backoff(attempt, random.random()))  # noqa: S311 - jitter, not a secret

    async def _call_once(
        self, operation: str, key: str, signed: dict[str, Any], headers: dict[str, str], body: Buffer | None
    ) -> tuple[int, bytes]:
        url = self._client.generate_presigned_url(
            operation, Params={"Bucket": self._bucket, "Key": key, **signed}, ExpiresIn=_SIGNATURE_SECONDS
        )
        try:
            answer = await self._transport.handle_async_request(_request(url, headers, body))
            try:
                document = await _read(answer)
            finally:
                await answer.aclose()
        except IntakeError as error:
            raise StoreFailed(reason=f"{error.code}: {error.reason}") from error
        if answer.status_code == _OK or _is_answer(operation, answer.status_code, document):
            return answer.status_code, document
        raise refusal(answer.status_code, document)


def _request(url: str, headers: dict[str, str], body: Buffer | None) -> httpx.Request:
    parts = urlsplit(url)
    if body is not None:
        headers = {**headers, "Content-Length": str(memoryview(body).nbytes)}
    return httpx.Request(
        "GET" if body is None else "PUT",
        f"{parts.scheme}://{parts.netloc}",
        headers=headers,
        stream=None if body is None else Slices(body),
        # The signature holds for the target as boto3 wrote it.
        extensions={"target": f"{parts.path}?{parts.query}".encode("ascii")},
    )


async def _read(answer: httpx.Response) -> bytes:
    return b"".join([chunk async for chunk in answer.stream])  # type: ignore[union-attr]


def _is_answer(operation: str, status: int, document: bytes) -> bool:
    if operation == "put_object":
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

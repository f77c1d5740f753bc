"""Implements the Store port with S3."""

import base64
from collections.abc import Buffer

from intake.ingest.ports import StoredDocument, StoredObject
from intake.model.error_codes import IntakeError
from intake.model.image_info import ImageInfo
from intake.s3.client import NOT_FOUND, PRECONDITION_FAILED, S3Client, WriteConflict
from intake.s3.image_metadata import parse_image, to_headers

_JSON = {"Content-Type": "application/json"}
_GZIP = {"Content-Type": "application/gzip"}  # not a Content-Encoding: clients would decompress what they download


class S3Store:
    """Stores each image once, and the last version of each document."""

    def __init__(self, client: S3Client) -> None:
        """Store everything in the bucket of the client."""
        self._client = client

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    @property
    def is_ready(self) -> bool:
        """See `Store.is_ready`."""
        return self._client.is_ready

    async def find_image(self, key: str) -> StoredObject | None:
        """See `Store.find_image`."""
        try:
            response = await self._client.call("HEAD", key, {}, retry=False)
        except IntakeError:
            return None
        if response.status == NOT_FOUND or response.content_length is None:
            return None
        return StoredObject(response.content_length, parse_image(key, response.headers))

    async def put_image(self, key: str, image: ImageInfo, body: Buffer, sha256: str) -> bool:
        """See `Store.put_image`. S3 itself rejects a second copy, and bytes that do not match the digest."""
        headers = to_headers(image) | {
            "If-None-Match": "*",
            "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode("ascii"),
        }
        response = await self._client.call("PUT", key, headers, body)
        return response.status == PRECONDITION_FAILED

    async def put_document(self, key: str, document: bytes, *, retry: bool = True) -> None:
        """See `Store.put_document`."""
        headers = _GZIP if key.endswith(".gz") else _JSON
        await self._client.call("PUT", key, headers, document, retry=retry)

    async def replace_document(self, key: str, document: bytes, version: str | None, *, retry: bool = True) -> bool:
        """See `Store.replace_document`; the version is an ETag."""
        condition = {"If-None-Match": "*"} if version is None else {"If-Match": version}
        try:
            response = await self._client.call("PUT", key, _JSON | condition, document, retry=retry)
        except WriteConflict:
            return False  # at each attempt, so others write this key: the caller reads what they have written
        return response.status not in {PRECONDITION_FAILED, NOT_FOUND}  # NOT_FOUND: deleted meanwhile

    async def get_document(self, key: str, *, retry: bool = True) -> StoredDocument | None:
        """See `Store.get_document`."""
        response = await self._client.call("GET", key, {}, retry=retry)
        if response.status == NOT_FOUND:
            return None
        return StoredDocument(response.body, response.headers.get("etag", ""))

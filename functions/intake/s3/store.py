"""Implements the Store port with S3."""

import base64
from collections.abc import Buffer

from intake.ingest.ports import StoredDocument
from intake.model.image_info import ImageInfo
from intake.s3.client import NOT_FOUND, PRECONDITION_FAILED, S3Client, WriteConflict


class S3Store:
    """Stores each image once, and the last version of each document."""

    def __init__(self, client: S3Client) -> None:
        """Store everything in the bucket of the client."""
        self._client = client

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def put_image(self, key: str, image: ImageInfo, body: Buffer, sha256: str) -> bool:
        """See `Store.put_image`. S3 itself rejects a second copy, and bytes that do not match the digest."""
        headers = {
            "Content-Type": image.content_type,
            "If-None-Match": "*",
            "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode("ascii"),
        }
        response = await self._client.call("PUT", key, headers, body)
        return response.status == PRECONDITION_FAILED

    async def put_document(self, key: str, document: bytes) -> None:
        """See `Store.put_document`."""
        await self._client.call("PUT", key, {"Content-Type": "application/json"}, document)

    async def replace_document(self, key: str, document: bytes, version: str | None) -> bool:
        """See `Store.replace_document`; the version is an ETag."""
        condition = {"If-None-Match": "*"} if version is None else {"If-Match": version}
        try:
            response = await self._client.call("PUT", key, {"Content-Type": "application/json"} | condition, document)
        except WriteConflict:
            return False  # at each attempt, so others write this key: the caller reads what they have written
        return response.status not in {PRECONDITION_FAILED, NOT_FOUND}  # NOT_FOUND: deleted meanwhile

    async def get_document(self, key: str) -> StoredDocument | None:
        """See `Store.get_document`."""
        response = await self._client.call("GET", key, {})
        if response.status == NOT_FOUND:
            return None
        return StoredDocument(response.body, response.headers.get("etag", ""))

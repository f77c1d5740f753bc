"""The Store port over a bucket: images under the digest of their bytes, documents under their names."""

import base64
from collections.abc import Buffer

from intake.ingest.ports import StoredDocument
from intake.model.image_info import ImageInfo
from intake.s3.client import NOT_FOUND, PRECONDITION_FAILED, S3Client


class S3Store:
    """Keeps images once and documents as they last were."""

    def __init__(self, bucket: S3Client) -> None:
        """Keep everything in one bucket."""
        self._bucket = bucket

    async def aclose(self) -> None:
        """Close every connection."""
        await self._bucket.aclose()

    async def put_image(self, key: str, image: ImageInfo, body: Buffer, sha256: str) -> bool:
        """See `Store.put_image`. S3 itself refuses a second copy, and bytes that are not those of the digest."""
        headers = {
            "Content-Type": image.content_type,
            "If-None-Match": "*",
            "x-amz-checksum-sha256": base64.b64encode(bytes.fromhex(sha256)).decode("ascii"),
        }
        answer = await self._bucket.call("PUT", key, headers, body)
        return answer.status == PRECONDITION_FAILED

    async def put_document(self, key: str, document: bytes) -> None:
        """See `Store.put_document`."""
        await self._bucket.call("PUT", key, {"Content-Type": "application/json"}, document)

    async def replace_document(self, key: str, document: bytes, version: str | None) -> bool:
        """See `Store.replace_document`; a version is an ETag."""
        condition = {"If-None-Match": "*"} if version is None else {"If-Match": version}
        answer = await self._bucket.call("PUT", key, {"Content-Type": "application/json"} | condition, document)
        return answer.status not in {PRECONDITION_FAILED, NOT_FOUND}  # not found: what stood there was removed

    async def get_document(self, key: str) -> StoredDocument | None:
        """See `Store.get_document`."""
        answer = await self._bucket.call("GET", key, {})
        return None if answer.status == NOT_FOUND else StoredDocument(answer.body, answer.headers.get("etag", ""))

"""Implements the Inbox port with S3: manifests, read in pieces because the work on one may take minutes."""

import re
from collections.abc import AsyncGenerator

from intake.ingest.ports import StoredDocument
from intake.model.errors import StoreFailed
from intake.s3.client import NOT_FOUND, OK, PARTIAL_CONTENT, PRECONDITION_FAILED, S3Client

_PIECE_BYTES = 4 * 1024 * 1024
_TOTAL_BYTES = re.compile(r"bytes [0-9]+-[0-9]+/([0-9]+)")


class S3Inbox:
    """Reads and writes the manifests of one bucket."""

    def __init__(self, client: S3Client) -> None:
        """Use the bucket of the client."""
        self._client = client

    async def aclose(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def read(self, key: str, version: str | None = None) -> AsyncGenerator[StoredDocument]:
        """See `Inbox.read`; the version is an ETag."""
        start, total = 0, 1
        while start < total:
            # All pieces must be of the same object, which may be replaced at any time.
            condition = {"If-Match": version} if version else {}
            byte_range = {"Range": f"bytes={start}-{start + _PIECE_BYTES - 1}"}
            response = await self._client.call("GET", key, byte_range | condition)
            if response.status == PRECONDITION_FAILED or (response.status == NOT_FOUND and version):
                raise StoreFailed(reason=f"{key} was replaced while it was read")
            if response.status not in {OK, PARTIAL_CONTENT}:
                return  # the object is missing or empty
            version = response.headers.get("etag", "")
            yield StoredDocument(response.body, version)
            start += len(response.body)
            found = _TOTAL_BYTES.fullmatch(response.headers.get("content-range", ""))
            total = int(found[1]) if found else start

    async def put(self, key: str, document: bytes) -> None:
        """See `Inbox.put`."""
        await self._client.call("PUT", key, {"Content-Type": "application/json"}, document)

    async def version(self, key: str) -> str | None:
        """See `Inbox.version`."""
        response = await self._client.call("HEAD", key, {})
        return response.headers.get("etag", "") if response.status == OK else None

"""The Inbox port over a bucket: manifests, read in pieces, since the work on one may take minutes."""

import re
from collections.abc import AsyncGenerator

from intake.ingest.ports import StoredDocument
from intake.model.errors import StoreFailed
from intake.s3.client import NOT_FOUND, OK, PARTIAL_CONTENT, PRECONDITION_FAILED, S3Client

_PIECE = 4 * 1024 * 1024
_TOTAL = re.compile(r"bytes [0-9]+-[0-9]+/([0-9]+)")


class S3Inbox:
    """Holds manifests."""

    def __init__(self, bucket: S3Client) -> None:
        """Hold everything in one bucket."""
        self._bucket = bucket

    async def aclose(self) -> None:
        """Close every connection."""
        await self._bucket.aclose()

    async def read(self, key: str, version: str | None = None) -> AsyncGenerator[StoredDocument]:
        """See `Inbox.read`; a version is an ETag."""
        start, total = 0, 1
        while start < total:
            # The pieces have to be of one and the same object, which may be replaced at any time.
            condition = {"If-Match": version} if version else {}
            answer = await self._bucket.call("GET", key, {"Range": f"bytes={start}-{start + _PIECE - 1}"} | condition)
            if answer.status == PRECONDITION_FAILED or (answer.status == NOT_FOUND and version):
                raise StoreFailed(reason=f"{key} was replaced while it was read")
            if answer.status not in {OK, PARTIAL_CONTENT}:
                return  # it is not there, or it is empty
            version = answer.headers.get("etag", "")
            yield StoredDocument(answer.body, version)
            start += len(answer.body)
            found = _TOTAL.fullmatch(answer.headers.get("content-range", ""))
            total = int(found[1]) if found else start

    async def put(self, key: str, document: bytes) -> None:
        """See `Inbox.put`."""
        await self._bucket.call("PUT", key, {"Content-Type": "application/json"}, document)

    async def version(self, key: str) -> str | None:
        """See `Inbox.version`."""
        answer = await self._bucket.call("HEAD", key, {})
        return answer.headers.get("etag", "") if answer.status == OK else None

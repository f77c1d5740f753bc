"""The Inbox port over a bucket: manifests, read in pieces, since the work on one may take minutes."""

import re
from collections.abc import AsyncGenerator

from intake.adapters.bucket import NOT_FOUND, OK, PARTIAL_CONTENT, PRECONDITION_FAILED, Bucket
from intake.domain.errors import StoreFailed

_PIECE = 4 * 1024 * 1024
_TOTAL = re.compile(r"bytes [0-9]+-[0-9]+/([0-9]+)")


class S3Inbox:
    """Holds manifests."""

    def __init__(self, bucket: Bucket) -> None:
        """Hold everything in one bucket."""
        self._bucket = bucket

    async def aclose(self) -> None:
        """Close every connection."""
        await self._bucket.aclose()

    async def read(self, key: str) -> AsyncGenerator[bytes]:
        """See `Inbox.read`."""
        start, total, etag = 0, 1, ""
        while start < total:
            # The pieces have to be of one and the same object, which may be replaced at any time.
            condition = {"If-Match": etag} if etag else {}
            answer = await self._bucket.call("GET", key, {"Range": f"bytes={start}-{start + _PIECE - 1}"} | condition)
            if answer.status == PRECONDITION_FAILED or (answer.status == NOT_FOUND and start):
                raise StoreFailed(reason=f"{key} was replaced while it was read")
            if answer.status not in {OK, PARTIAL_CONTENT}:
                return  # it is not there, or it is empty
            yield answer.body
            start += len(answer.body)
            found = _TOTAL.fullmatch(answer.headers.get("content-range", ""))
            total = int(found[1]) if found else start
            etag = answer.headers.get("etag", "")

    async def put(self, key: str, document: bytes) -> None:
        """See `Inbox.put`."""
        await self._bucket.call("PUT", key, {"Content-Type": "application/json"}, document)

    async def has(self, key: str) -> bool:
        """See `Inbox.has`."""
        return (await self._bucket.call("HEAD", key, {})).status == OK

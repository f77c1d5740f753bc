"""The port of the inbox, in memory."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from intake.ingest.ports import StoredDocument
from intake.model.error_codes import StoreFailed


@dataclass
class FakeInbox:
    """An inbox bucket in memory.

    Attributes:
        objects: the manifests, by key.
        chunk_size: the number of bytes that one read returns.
        failure: the error of every call, or None.
        read_count: the number of manifests that were read.
        replacements: objects that replace others as soon as a manifest has been read once.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    chunk_size: int = 7
    read_count: int = 0
    replacements: dict[str, bytes] = field(default_factory=dict)
    failure: Exception | None = None

    async def read(self, key: str, version: str | None = None) -> AsyncGenerator[StoredDocument]:
        """See `Inbox.read`."""
        await self._work()
        self.read_count += 1
        data = self.objects.get(key, b"")
        current = hashlib.sha256(data).hexdigest()
        if version not in {None, current}:
            raise StoreFailed(reason=f"{key} was replaced while it was read")
        for start in range(0, len(data), self.chunk_size):
            yield StoredDocument(data[start : start + self.chunk_size], current)
        self.objects |= self.replacements

    async def put(self, key: str, document: bytes) -> None:
        """See `Inbox.put`."""
        await self._work()
        self.objects[key] = document

    async def version(self, key: str) -> str | None:
        """See `Inbox.version`."""
        await self._work()
        return hashlib.sha256(self.objects[key]).hexdigest() if key in self.objects else None

    async def _work(self) -> None:
        await asyncio.sleep(0)
        if self.failure is not None:
            raise self.failure

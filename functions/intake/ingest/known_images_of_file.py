"""KnownImagesOfFile: what is known of the images of one File, and what its run learns."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import time
from typing import Any

from intake.ingest.known_document_store import WAIT_SECONDS, DocumentRead, KnownDocumentStore
from intake.known.environment_memory import EnvironmentMemory
from intake.known.known_document import KnownDocument
from intake.known.known_image import KnownImage
from intake.model.object_keys import known_document_key
from intake.model.refresh import Refresh

_WRITE_AGAIN_SECONDS = 15 * 86400.0
"""The age at which a document that is still right is written again. The bucket deletes it after 30 days."""


class KnownImagesOfFile:
    """What is known of the images of one File, and what its run learns.

    Attributes:
        policy: when a known image of the File is downloaded again.
        keeps_freshness: whether later Files need to know how long an image is fresh, whatever this one asks for.
    """

    def __init__(
        self,
        policy: Refresh,
        keys: Sequence[bytes],
        shared: set[bytes],
        memory: EnvironmentMemory,
        documents: KnownDocumentStore | None,
    ) -> None:
        """Start to read the document.

        Args:
            policy: the setting REFRESH.
            keys: the URL keys of the images.
            shared: the URL keys that the document is named after.
            memory: what the environment knows.
            documents: reads and writes the document; None if the environment shares nothing with others.
        """
        self.policy = policy
        self.keeps_freshness = policy is Refresh.FRESH
        self._keys = keys
        self._shared = shared
        self._memory = memory
        self._documents = documents
        self._before = {key: known for key in keys if (known := memory.find(key)) is not None}
        self._learned: dict[bytes, KnownImage | None] = {}
        self._read: DocumentRead | None = None
        self._saving: asyncio.Task[None] | None = None
        if documents is not None and shared:
            self._name = known_document_key(shared)
            self._read = documents.start_read(self._name, is_needed=not shared <= self._before.keys())

    def add(self, images: Mapping[bytes, KnownImage]) -> None:
        """Add what the receipt of an earlier run knows, which another environment may have written."""
        if self._documents is not None:
            self._before = {**images, **self._before}

    async def find(self, key: bytes) -> KnownImage | None:
        """Return what is known of the URL with this key, unless its image is to be downloaded in any case."""
        if self.policy is Refresh.ALWAYS:
            return None
        known = self._before.get(key)
        if known is None and self._read is not None:
            if not self._read.is_released:  # spares a coroutine for each new image
                await self._read.wait()
            known = self._read.images.get(key)
        return known

    def learn(self, key: bytes, known: KnownImage | None) -> None:
        """Remember what the run has learned of a URL; None if nothing can be known of it."""
        self._learned[key] = known
        if known is None:
            self._memory.drop(key)
        else:
            self._memory.remember(key, known)

    def to_members(self) -> dict[str, Any] | None:
        """Return what the next run of the same File should know, for its receipt; None if nothing is shared."""
        if self._documents is None:
            return None
        return KnownDocument(self._merge(self._before), time()).to_members()

    def start_save(self) -> None:
        """Start to write the document, if it is not known to be right."""
        self._saving = asyncio.create_task(self._save())

    async def wait_for_save(self) -> None:
        """Wait a moment for the write: after the response, the environment may be frozen."""
        if self._saving is not None:
            await asyncio.wait({self._saving}, timeout=WAIT_SECONDS)

    def close(self) -> None:
        """Stop the read and the write of the document."""
        if self._read is not None:
            self._read.cancel()
        if self._saving is not None:
            self._saving.cancel()

    async def _save(self) -> None:
        if self._documents is None or not self._shared or (self._read is not None and not self._read.is_conclusive):
            return
        before = self._before if self._read is None else self._read.images
        is_old = self._read is not None and time() - self._read.written_at > _WRITE_AGAIN_SECONDS
        if is_old or any(self._has_changed(key, before) for key in self._shared):
            images = self._merge(before)
            if images:
                await self._documents.write(self._name, images)

    def _merge(self, before: Mapping[bytes, KnownImage]) -> dict[bytes, KnownImage]:
        known = {key: self._learned.get(key, before.get(key)) for key in self._keys}
        return {key: image for key, image in known.items() if image is not None}

    def _has_changed(self, key: bytes, before: Mapping[bytes, KnownImage]) -> bool:
        if key not in self._learned:
            return False
        old, new = before.get(key), self._learned[key]
        if old is None or new is None:
            return old is not new
        return replace(new, fresh_until=old.fresh_until) != old or (
            self.keeps_freshness and new.fresh_until != old.fresh_until
        )

"""KnownImages: what an environment knows of images; KnownSet: what is known of the images of one File."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from time import time
from typing import Any

from intake.ingest.image_task import ImageTask
from intake.ingest.known_documents import PATIENCE_SECONDS, DocumentRead, KnownDocuments
from intake.ingest.ports import Observer, Store
from intake.known.environment_memory import EnvironmentMemory
from intake.known.known_document import KnownDocument, known_document_key
from intake.known.known_image import KnownImage
from intake.model.file import Role
from intake.model.refresh import Refresh

_WRITE_AGAIN_SECONDS = 15 * 86400.0
"""The age at which a document that is still right is written again. The bucket deletes it after 30 days."""


class KnownImages:
    """What one execution environment knows of images. Its Files share it.

    Attributes:
        memory: the URLs and the objects that the environment has seen.
    """

    def __init__(self, store: Store, observer: Observer, refresh: Refresh, *, uses_documents: bool) -> None:
        """Create an empty memory.

        Args:
            store: has the known documents.
            observer: counts the documents that could not be used.
            refresh: the setting REFRESH.
            uses_documents: the setting KNOWN_IMAGES.
        """
        self.memory = EnvironmentMemory()
        self._refresh = refresh
        self._documents = KnownDocuments(store, observer) if uses_documents and refresh is not Refresh.ALWAYS else None

    def open(self, tasks: Collection[ImageTask], *, refresh: bool, has_receipt: bool) -> "KnownSet":
        """Return what is known of the images of a File. Its document is read beside the downloads.

        Args:
            tasks: those of the File.
            refresh: whether the File asks for a download of every image.
            has_receipt: whether the receipt of the File is read before each run. Then the receipt of a URL list serves
                as its document. A File has a document in any case, because other Files have the same base images.
        """
        roles = {Role.BASE} if has_receipt else {Role.BASE, Role.IMAGE}
        keys = [task.key for task in tasks]
        shared = {task.key for task in tasks if not roles.isdisjoint([request.role for request in task.requests])}
        known_set = KnownSet(self._refresh, keys, shared, self.memory, self._documents)
        if refresh:
            known_set.policy = Refresh.ALWAYS
        return known_set


class KnownSet:
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
        documents: KnownDocuments | None,
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

    async def save(self) -> None:
        """Write the document, if it is not known to be right."""
        if self._documents is None or not self._shared or (self._read is not None and not self._read.is_conclusive):
            return
        before = self._before if self._read is None else self._read.images
        is_old = self._read is not None and time() - self._read.written_at > _WRITE_AGAIN_SECONDS
        if is_old or any(self._has_changed(key, before) for key in self._shared):
            images = self._merge(before)
            if images:
                await self._documents.write(self._name, images)

    async def finish(self, saving: asyncio.Task[None]) -> None:
        """Wait a moment for `save`, then stop it: the environment may be frozen after the response."""
        await asyncio.wait({saving}, timeout=PATIENCE_SECONDS)
        saving.cancel()

    def close(self) -> None:
        """Stop the read of the document."""
        if self._read is not None:
            self._read.cancel()

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

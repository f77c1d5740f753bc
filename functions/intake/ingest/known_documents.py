"""KnownDocuments: reads and writes the known documents in the bucket, which all execution environments share.

A document is never needed: whatever goes wrong with it costs a download.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from time import time

from intake.ingest.ports import DocumentFault, DocumentTooLarge, Observer, Store
from intake.known.known_document import KnownDocument
from intake.known.known_image import KnownImage
from intake.model.error_codes import IntakeError, StoreDenied

PATIENCE_SECONDS = 0.05
"""How long the images of a File wait for its document, and how long its receipt waits for the document's write."""

_MAX_MISSES = 8
"""Documents in a row that did not help their Files. After them, images do not wait for documents until one helps."""

_READ_AGAIN_SECONDS = 300.0
"""An environment that lacks what a document may hold reads it again after this time."""

_MAX_DOCUMENTS = 1024
"""Documents whose last use an environment remembers."""


class DocumentRead:
    """One read of a known document, beside the downloads of its File.

    Attributes:
        images: what the document says of images, by URL key; empty until it is there.
        written_at: when it was written, in Unix seconds.
        is_conclusive: whether it is certain what the bucket has: this document, none, or rubbish.
    """

    def __init__(self) -> None:
        self.images: Mapping[bytes, KnownImage] = {}
        self.written_at = time()
        self.is_conclusive = False
        self.task: asyncio.Task[None] | None = None
        self._released = asyncio.Event()

    async def wait(self) -> None:
        """Wait until the document is there, or until no image waits for it any longer."""
        await self._released.wait()

    def release(self) -> bool:
        """Let the images go on that wait. Return whether any had reason to wait until now."""
        waited = not self._released.is_set()
        self._released.set()
        return waited

    def cancel(self) -> None:
        """Stop reading; does nothing after the end."""
        if self.task is not None:
            self.task.cancel()


class KnownDocuments:
    """The known documents of the image bucket, as one execution environment uses them."""

    def __init__(self, store: Store, observer: Observer) -> None:
        """Use the documents in a store, and count those that could not be used."""
        self._store = store
        self._observer = observer
        self._used_at: OrderedDict[str, float] = OrderedDict()
        self._misses = 0
        self._is_denied = False

    def start_read(self, name: str, *, is_needed: bool) -> DocumentRead | None:
        """Start to read a document, if there is a reason to, and the store can be asked at once.

        Args:
            name: the key of the document.
            is_needed: whether it may hold what the environment does not know. Then images may wait for it.
        """
        used_at = self._used_at.get(name)
        is_known = used_at is not None and (not is_needed or 0 <= time() - used_at < _READ_AGAIN_SECONDS)
        if is_known or self._is_denied or not self._store.is_ready:
            return None
        read = DocumentRead()
        if not is_needed or self._misses >= _MAX_MISSES:
            read.release()
        read.task = asyncio.create_task(self._read(name, read))
        return read

    async def write(self, name: str, images: Mapping[bytes, KnownImage]) -> None:
        """Write a document, in one attempt. If it fails, other environments download the images."""
        try:
            await self._store.put_document(name, KnownDocument(dict(images), time()).to_json(), retry=False)
        except IntakeError as error:
            self._is_denied = isinstance(error, StoreDenied)
            self._observer.known_document_unread(DocumentFault.UNWRITTEN, error.reason or "")
        else:
            self._mark_used(name)

    async def _read(self, name: str, read: DocumentRead) -> None:
        timer = asyncio.get_running_loop().call_later(PATIENCE_SECONDS, self._give_up, read)
        try:
            fault = await self._fill(name, read)
        finally:
            timer.cancel()
            read.release()
        if fault:
            self._observer.known_document_unread(*fault)
        if read.is_conclusive:
            self._mark_used(name)
        self._misses = 0 if read.images else self._misses + 1

    async def _fill(self, name: str, read: DocumentRead) -> tuple[DocumentFault, str] | None:
        """Read and parse a document; return why it does not help, or None."""
        try:
            stored = await self._store.get_document(name, retry=False)
            read.is_conclusive = True
            if stored is None:
                return DocumentFault.MISSING, ""
            document = KnownDocument.parse(stored.body)
        except StoreDenied as error:
            read.is_conclusive = True  # without s3:ListBucket, S3 answers 403 for a missing document
            return DocumentFault.DENIED, error.reason or ""
        except DocumentTooLarge as error:
            read.is_conclusive = True
            return DocumentFault.INVALID, error.reason or ""
        except IntakeError as error:
            return DocumentFault.FAILED, error.reason or ""
        except ValueError as error:
            return DocumentFault.INVALID, str(error)
        read.images, read.written_at = document.images, document.written_at
        return None

    def _give_up(self, read: DocumentRead) -> None:
        if read.release():
            self._observer.known_document_unread(DocumentFault.SLOW, "")

    def _mark_used(self, name: str) -> None:
        self._used_at[name] = time()
        self._used_at.move_to_end(name)
        if len(self._used_at) > _MAX_DOCUMENTS:
            self._used_at.popitem(last=False)

"""KnownDocumentStore: reads and writes the known documents in the bucket, which all execution environments share.

A document is never needed: whatever goes wrong with it costs a download.
"""

import asyncio
from collections.abc import Mapping
from time import time

from intake.ingest.ports import DocumentFault, DocumentTooLarge, Observer, Store
from intake.known.known_document import KnownDocument
from intake.known.known_image import KnownImage
from intake.known.lru_dict import LruDict
from intake.model.error_codes import IntakeError, StoreDenied

WAIT_SECONDS = 0.05
"""How long the images of a File wait for its document, and how long its receipt waits for the document's write."""

_MAX_UNHELPFUL_READS = 8
"""After this many documents in a row that helped no File, images do not wait for documents until one helps."""

_READ_AGAIN_SECONDS = 300.0
"""After this time, an environment reads a document again that may hold what it does not know, and writes again after a
write was denied."""

_MAX_DOCUMENTS = 1024
"""The number of documents of which an environment remembers when it used them."""


class DocumentRead:
    """One read of a known document, beside the downloads of its File.

    Attributes:
        images: what the document says of images, by URL key; empty until it is there.
        written_at: when it was written, in Unix seconds.
        is_conclusive: whether it is certain what the bucket has: this document, none, or an invalid one.
        is_released: whether no image waits for it any longer.
    """

    def __init__(self) -> None:
        self.images: Mapping[bytes, KnownImage] = {}
        self.written_at = time()
        self.is_conclusive = False
        self.is_released = False
        self.task: asyncio.Task[None] | None = None
        self._release = asyncio.Event()

    async def wait(self) -> None:
        """Wait until the document is there, or until no image waits for it any longer."""
        await self._release.wait()

    def release(self) -> bool:
        """End every `wait`. Return whether images may have waited until now."""
        was_waiting, self.is_released = not self.is_released, True
        self._release.set()
        return was_waiting

    def cancel(self) -> None:
        """Stop reading; does nothing after the end."""
        if self.task is not None:
            self.task.cancel()


class KnownDocumentStore:
    """The known documents of the image bucket, as one execution environment uses them."""

    def __init__(self, store: Store, observer: Observer) -> None:
        """Use the documents in a store, and report to the observer those that could not be used."""
        self._store = store
        self._observer = observer
        self._used_at: LruDict[str, float] = LruDict(_MAX_DOCUMENTS)
        self._unhelpful_reads = 0
        self._denied_until = 0.0

    def start_read(self, name: str, *, is_needed: bool) -> DocumentRead | None:
        """Start to read a document, unless the environment has used it already.

        In a cold start, the read waits for the signer, but no image waits for the read. It shows what to write.

        Args:
            name: the key of the document.
            is_needed: whether it may hold what the environment does not know. Then images may wait for it, and it is
                read again from time to time.
        """
        used_at = self._used_at.get(name)
        is_known = used_at is not None and (not is_needed or 0 <= time() - used_at < _READ_AGAIN_SECONDS)
        if is_known or self._is_denied():
            return None
        read = DocumentRead()
        if not is_needed or self._unhelpful_reads >= _MAX_UNHELPFUL_READS or not self._store.is_ready:
            read.release()
        read.task = asyncio.create_task(self._read(name, read))
        return read

    async def write(self, name: str, images: Mapping[bytes, KnownImage]) -> None:
        """Write a document, in one attempt. If it fails, other environments download the images."""
        if self._is_denied():
            return
        try:
            await self._store.put_document(name, KnownDocument(dict(images), time()).to_json(), retry=False)
        except IntakeError as error:
            if isinstance(error, StoreDenied):
                self._denied_until = time() + _READ_AGAIN_SECONDS
            self._observer.known_document_unread(DocumentFault.UNWRITTEN, error.reason or "")
        else:
            self._used_at[name] = time()

    async def _read(self, name: str, read: DocumentRead) -> None:
        timer = asyncio.get_running_loop().call_later(WAIT_SECONDS, self._give_up, read)
        try:
            fault = await self._fill(name, read)
        finally:
            timer.cancel()
            read.release()
        if fault:
            self._observer.known_document_unread(*fault)
        if read.is_conclusive:
            self._used_at[name] = time()
        self._unhelpful_reads = 0 if read.images else self._unhelpful_reads + 1

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

    def _is_denied(self) -> bool:
        """Whether the function lacked the right to write a short time ago. Then documents only cost requests."""
        return time() < self._denied_until

    def _give_up(self, read: DocumentRead) -> None:
        if read.release():
            self._observer.known_document_unread(DocumentFault.SLOW, "")

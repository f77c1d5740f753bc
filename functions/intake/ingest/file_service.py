"""Ingests one File: downloads, verifies and stores its images concurrently, returns a receipt before the deadline."""

import asyncio
from collections.abc import Awaitable, Collection, Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from intake.ingest.deadline import Deadline
from intake.ingest.download_port import Downloader
from intake.ingest.image_service import ImageService
from intake.ingest.image_task import ImageTask, make_tasks
from intake.ingest.known_images import KnownImages
from intake.ingest.known_images_of_file import KnownImagesOfFile
from intake.ingest.ports import Observer, Store
from intake.ingest.receipt_store import ReceiptStore
from intake.ingest.stored_images import StoredImages
from intake.model.error_codes import ChecksumMismatch, DeadlineExceeded, IntakeError, InternalError, StoreFailed
from intake.model.file import File, ImageRequest
from intake.model.limits import Limits
from intake.model.outcome import Failed, FetchStats, Outcome, Stored
from intake.model.receipt import Receipt
from intake.model.refresh import Refresh
from intake.model.verification import Verification

if TYPE_CHECKING:
    from intake.ingest.decoder_check import DecoderCheck

_CANCEL_SECONDS = 0.1
"""How long the service waits for cancelled tasks to end."""

_FLUSH_SECONDS = 2.0
"""How long a response may wait until the cool-downs of origins are written. Hardly any File begins a cool-down."""


class IngestService:
    """Ingests Files. Every distinct URL has a task of its own, and the failure of one never affects another."""

    def __init__(  # noqa: PLR0913 - each has a name at the call
        self,
        downloader: Downloader,
        store: Store,
        observer: Observer,
        limits: Limits,
        bucket: str,
        *,
        refresh: Refresh = Refresh.REVALIDATE,
        uses_known_documents: bool = True,
        decoder: "DecoderCheck | None" = None,
    ) -> None:
        """Create the service.

        Args:
            downloader: downloads images.
            store: stores images, receipts and known documents.
            observer: logs and counts.
            limits: the limits on an image.
            bucket: the name of the image bucket, which receipts contain.
            refresh: the setting REFRESH.
            uses_known_documents: the setting KNOWN_IMAGES.
            decoder: decodes every image; None for VERIFY=structure.
        """
        self._known_images = KnownImages(store, observer, refresh, uses_documents=uses_known_documents)
        stored_images = StoredImages(store, self._known_images.memory, limits.image_types)
        self._downloader = downloader
        self._images = ImageService(downloader, stored_images, limits, decoder)
        self._verification = Verification.STRUCTURE if decoder is None else Verification.DECODE
        self._receipts = ReceiptStore(store, self._verification)
        self._observer = observer
        self._bucket = bucket

    async def ingest(
        self, file: File, deadline: Deadline, *, submitted_at: datetime | None = None, share: str = ""
    ) -> Receipt:
        """Ingest every image of a File as far as the time allows, and store the receipt.

        Args:
            file: the File.
            deadline: the deadline of the invocation.
            submitted_at: when the File was submitted. Final outcomes in a receipt written since then are reused. With
                None, nothing is reused.
            share: see `Downloader.download`.

        Returns:
            The receipt. Its `receipt_key` is None if it could not be stored.
        """
        started_at = asyncio.get_running_loop().time()
        items = make_tasks(file.images, share)
        known_images = self._known_images.open(
            _tasks(items), refresh=file.refresh, has_receipt=submitted_at is not None
        )
        with closing(known_images):
            previous = await self._receipts.load_previous(file, submitted_at, deadline)
            known_images.add(previous.known)
            reusable = previous.reusable_outcomes(file)
            if previous.receipt is not None and all(reusable) and previous.receipt.has_notes_of(file):
                self._observer.file_done(previous.receipt, None)
                return previous.receipt
            pending = [outcome or item for outcome, item in zip(reusable, items, strict=True)]
            outcomes = await self._ingest_images(file, pending, known_images, deadline)
            receipt = self._make_receipt(file, outcomes, started_at)
            if submitted_at is not None:
                receipt = receipt.with_known(known_images.to_members())
            saving = asyncio.create_task(_save(self._receipts.save(receipt, file, submitted_at, previous), deadline))
            known_images.start_save()
            await asyncio.sleep(0)  # starts the requests; the images are logged while S3 stores the receipt
            self._observer.images_done(file, outcomes)
            saved = await saving
            await known_images.wait_for_save()
        return await self._finish(receipt, saved, deadline)

    def _make_receipt(self, file: File, outcomes: Sequence[Outcome], started_at: float) -> Receipt:
        elapsed_ms = round((asyncio.get_running_loop().time() - started_at) * 1000)
        now = datetime.now(UTC)
        receipt = Receipt.of(file, outcomes, bucket=self._bucket, created_at=now, elapsed_ms=elapsed_ms)
        # Copy only if it differs: this runs for every File.
        return receipt if self._verification is receipt.verification else receipt.with_verification(self._verification)

    async def _finish(self, receipt: Receipt, saved: Receipt | IntakeError, deadline: Deadline) -> Receipt:
        """Write the cool-downs of origins, report the File, and return its receipt as it was stored."""
        await self._downloader.flush(min(_FLUSH_SECONDS, deadline.response - asyncio.get_running_loop().time()))
        if isinstance(saved, IntakeError):
            self._observer.file_done(receipt, saved)
            return receipt.without_key()
        self._observer.file_done(saved, None)
        return saved

    def skip(self, file: File) -> None:
        """Report a File that had no time left to start."""
        self._observer.file_skipped(file)

    async def read_receipt(self, file_id: str) -> bytes | None:
        """Return a stored receipt, or None if there is none.

        Raises:
            StoreFailed, StoreDenied: the store could not be read.
        """
        return await self._receipts.read(file_id)

    async def _ingest_images(
        self, file: File, pending: Sequence[ImageTask | Outcome], known_images: KnownImagesOfFile, deadline: Deadline
    ) -> list[Outcome]:
        """Run every task until the deadline, and return the outcome of each image."""
        running = {
            task: asyncio.create_task(self._images.ingest(task, known_images, deadline)) for task in _tasks(pending)
        }
        await _wait_or_cancel(running.values(), deadline)
        outcomes = {task: _outcome_of(run, task.stats) for task, run in running.items()}
        return [
            _check_digest(request, outcomes[item]) if isinstance(item, ImageTask) else item
            for request, item in zip(file.images, pending, strict=True)
        ]


def _tasks(items: Sequence[ImageTask | Outcome]) -> list[ImageTask]:
    return list(dict.fromkeys([item for item in items if isinstance(item, ImageTask)]))


async def _save(saving: Awaitable[Receipt], deadline: Deadline) -> Receipt | IntakeError:
    """Return the stored receipt, or the error why none could be stored in time."""
    try:
        async with asyncio.timeout_at(deadline.receipt):
            return await saving
    except IntakeError as error:
        return error
    except TimeoutError:
        return StoreFailed(reason="the receipt was not stored before the deadline")
    except Exception as error:  # noqa: BLE001 - a bug must not lose the response
        return InternalError.of(error)


def _check_digest(request: ImageRequest, outcome: Outcome) -> Outcome:
    """Fail a request that expects other bytes: one URL may be requested with two digests."""
    if isinstance(outcome, Stored) and not request.accepts(outcome.sha256):
        return Failed(ChecksumMismatch(), outcome.stats)
    return outcome


async def _wait_or_cancel(tasks: Collection[asyncio.Task[Stored | Failed]], deadline: Deadline) -> None:
    """Wait for the tasks until the deadline of the images, and cancel the rest."""
    if not tasks:
        return
    try:
        await asyncio.wait(tasks, timeout=max(0.0, deadline.seconds_for_images()))
    finally:
        late = [task for task in tasks if task.cancel()]
    if late:
        await asyncio.wait(late, timeout=_CANCEL_SECONDS)


def _outcome_of(task: asyncio.Task[Stored | Failed], stats: FetchStats) -> Outcome:
    if not task.done() or task.cancelled():
        return Failed(DeadlineExceeded(), stats)
    return task.result()

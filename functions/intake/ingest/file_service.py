"""Ingests one File: downloads, verifies and stores its images concurrently, returns a receipt before the deadline."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Collection, Sequence
from datetime import UTC, datetime
from time import perf_counter

from intake.image.verify import verify
from intake.ingest.deadline import Deadline
from intake.ingest.ports import Download, Downloader, Observer, Store
from intake.ingest.receipt_store import PreviousReceipt, ReceiptStore
from intake.model.error_codes import (
    ChecksumMismatch,
    DeadlineExceeded,
    IntakeError,
    InternalError,
    StoreFailed,
    clear_traceback,
)
from intake.model.file import File, ImageRequest
from intake.model.image_info import ImageInfo
from intake.model.limits import Limits
from intake.model.object_keys import image_key
from intake.model.outcome import CarriedOver, Failed, FetchStats, Outcome, Stored
from intake.model.receipt import Receipt
from intake.model.url import Url

_CANCEL_SECONDS = 0.1
"""How long the service waits for cancelled tasks to end."""

_MAX_PARSE_SECONDS = 0.01
"""Parsing time after which other tasks run. An ordinary image takes a tenth of a millisecond."""


class IngestService:
    """Ingests Files. Every distinct URL has a task of its own, and the failure of one never affects another."""

    def __init__(self, downloader: Downloader, store: Store, observer: Observer, limits: Limits, bucket: str) -> None:
        """Create the service.

        Args:
            downloader: downloads images.
            store: stores images and receipts.
            observer: logs and counts.
            limits: the limits on an image.
            bucket: the name of the image bucket, which receipts contain.
        """
        self._downloader = downloader
        self._store = store
        self._receipts = ReceiptStore(store)
        self._observer = observer
        self._limits = limits
        self._bucket = bucket
        self._parse_lock = asyncio.Lock()
        self._parse_seconds = 0.0

    async def ingest(self, file: File, deadline: Deadline, *, submitted_at: datetime | None = None) -> Receipt:
        """Ingest every image of a File as far as the time allows, and store the receipt.

        Args:
            file: the File.
            deadline: the deadline of the invocation.
            submitted_at: when the File was submitted. Final outcomes in a receipt written since then are reused. With
                None, nothing is reused.

        Returns:
            The receipt. Its `receipt_key` is None if it could not be stored.
        """
        now = asyncio.get_running_loop().time
        started_at = now()
        previous = PreviousReceipt()
        if submitted_at is not None:
            previous = await self._receipts.load_previous(file, submitted_at, deadline)
        reusable = previous.reusable_outcomes(file)
        outcomes = await self._ingest_images(file, reusable, deadline)
        if previous.receipt is not None and all(reusable):
            self._observer.file_done(previous.receipt, None)
            return previous.receipt
        receipt = Receipt.of(
            file,
            outcomes,
            bucket=self._bucket,
            created_at=datetime.now(UTC),
            elapsed_ms=round((now() - started_at) * 1000),
        )
        saving = asyncio.create_task(_save(self._receipts.save(receipt, file, submitted_at, previous), deadline))
        await asyncio.sleep(0)  # starts the request; the images are logged while S3 stores the receipt
        self._observer.images_done(file, outcomes)
        saved = await saving
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
        self, file: File, reusable: Sequence[CarriedOver | None], deadline: Deadline
    ) -> list[Outcome]:
        """Run one task for each distinct URL until the deadline, and return the outcome of each image."""
        urls_or_outcomes = [
            outcome or _parse_url(request) for outcome, request in zip(reusable, file.images, strict=True)
        ]
        requests: dict[Url, list[ImageRequest]] = defaultdict(list)
        for request, item in zip(file.images, urls_or_outcomes, strict=True):
            if isinstance(item, Url):
                requests[item].append(request)
        stats = {url: FetchStats() for url in requests}
        tasks = {
            url: asyncio.create_task(self._ingest_image(url, same_url, stats[url], deadline))
            for url, same_url in requests.items()
        }
        await _wait_or_cancel(tasks.values(), deadline)
        outcomes = {url: _outcome_of(task, stats[url]) for url, task in tasks.items()}
        return [
            _check_digest(request, outcomes[item]) if isinstance(item, Url) else item
            for request, item in zip(file.images, urls_or_outcomes, strict=True)
        ]

    async def _ingest_image(
        self, url: Url, requests: Collection[ImageRequest], stats: FetchStats, deadline: Deadline
    ) -> Outcome:
        """Download, verify and store one URL. Every failure is an outcome."""
        try:
            with await self._downloader.download(url, stats, deadline) as download:
                return await self._verify_and_store(download, requests, stats)
        except IntakeError as error:
            clear_traceback(error)
            return Failed(error, stats)
        except Exception as error:  # noqa: BLE001 - a bug must not affect the other images
            return Failed(InternalError.of(error), stats)

    async def _verify_and_store(
        self, download: Download, requests: Collection[ImageRequest], stats: FetchStats
    ) -> Stored:
        accepting = [request for request in requests if request.accepts(download.sha256)]
        if not accepting:
            raise ChecksumMismatch  # bytes that no request expects are not stored
        has_digest = [request for request in accepting if request.sha256]  # no generator: this runs for every image
        image = await self._verify(download.body, len(download.body) if has_digest else download.content_length)
        key = image_key(download.sha256, image)
        now = asyncio.get_running_loop().time
        started_at = now()
        try:
            reused = await self._store.put_image(key, image, download.body, download.sha256)
        finally:
            stats.store_ms = round((now() - started_at) * 1000)
        warnings = image.warnings + download.warnings
        return Stored(image, key, download.sha256, len(download.body), download.final_url, reused, stats, warnings)

    async def _verify(self, body: memoryview, known_length: int | None) -> ImageInfo:
        """Parse a body. After 10 ms of parsing, yield to the event loop so that deadlines can fire."""
        async with self._parse_lock:
            started_at = perf_counter()
            try:
                return verify(body, self._limits, known_length)
            finally:
                self._parse_seconds += perf_counter() - started_at
                if self._parse_seconds > _MAX_PARSE_SECONDS:
                    self._parse_seconds = 0.0
                    await asyncio.sleep(0)


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


def _parse_url(request: ImageRequest) -> Url | Failed:
    try:
        return Url.parse(request.url)
    except IntakeError as error:
        return Failed(error, FetchStats())


def _check_digest(request: ImageRequest, outcome: Outcome) -> Outcome:
    """Fail a request that expects other bytes: one URL may be requested with two digests."""
    if isinstance(outcome, Stored) and not request.accepts(outcome.sha256):
        return Failed(ChecksumMismatch(), outcome.stats)
    return outcome


async def _wait_or_cancel(tasks: Collection[asyncio.Task[Outcome]], deadline: Deadline) -> None:
    """Wait for the tasks until the deadline of the images, and cancel the rest."""
    if not tasks:
        return
    try:
        await asyncio.wait(tasks, timeout=max(0.0, deadline.seconds_for_images()))
    finally:
        late = [task for task in tasks if task.cancel()]
    if late:
        await asyncio.wait(late, timeout=_CANCEL_SECONDS)


def _outcome_of(task: asyncio.Task[Outcome], stats: FetchStats) -> Outcome:
    if not task.done() or task.cancelled():
        return Failed(DeadlineExceeded(), stats)
    return task.result()

"""The one use case: a File in, a Receipt out, and always before the deadline."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Collection, Sequence
from datetime import UTC, datetime
from time import perf_counter

from intake.download.memory_budget import MemoryBudget, Reservation
from intake.image.verify import verify
from intake.ingest.ports import Download, Downloader, Observer, Store
from intake.ingest.receipt_store import PreviousReceipt, ReceiptStore
from intake.model.errors import (
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
"""How long work that was cut off may take to end; what does not is left behind."""

_WALKING_SECONDS = 0.01
"""Walks over bodies that may follow on each other in one turn of the loop; an honest one takes a tenth of 1 ms."""

_RECEIPT_SHARE = 0.7
"""The part of the deadline's margin that the receipt may take; the rest is for the answer."""


class IngestService:
    """Takes Files in: every distinct URL at once, within the bounds, and no failure is another image's."""

    def __init__(self, fetch: Downloader, store: Store, report: Observer, limits: Limits, bucket: str) -> None:
        """Put the use case on its ports.

        Args:
            fetch: downloads.
            store: keeps.
            report: is told.
            limits: the bounds, which all Files at work share.
            bucket: the name that receipts give.
        """
        self._fetch = fetch
        self._store = store
        self._receipts = ReceiptStore(store)
        self._report = report
        self._limits = limits
        self._bucket = bucket
        self._turns = asyncio.Semaphore(limits.max_in_flight)
        self._walking = asyncio.Lock()
        self._walked = 0.0
        self._budget = MemoryBudget(limits.memory_budget_bytes)

    async def ingest(self, file: File, seconds: float, *, submitted_at: datetime | None = None) -> Receipt:
        """Take every image of a File in, as far as the time allows, and store the receipt.

        Args:
            file: what to take in.
            seconds: until the platform cuts us off; the margin of the limits is kept free of them.
            submitted_at: when the File was handed over: what a receipt that was written since then has settled is taken
                over from it. None takes nothing over.

        Returns:
            The receipt; its key is None where it could not be stored.
        """
        now = asyncio.get_running_loop().time
        begin = now()
        end = begin + seconds - self._limits.deadline_margin
        before = (
            PreviousReceipt() if submitted_at is None else await self._receipts.load_previous(file, submitted_at, end)
        )
        known = before.reusable_outcomes(file)
        outcomes = await self._take_images(file, known, end)
        if before.receipt is not None and all(known):
            self._report.file_done(before.receipt, None)
            return before.receipt
        receipt = Receipt.of(
            file,
            outcomes,
            bucket=self._bucket,
            created_at=datetime.now(UTC),
            elapsed_ms=round((now() - begin) * 1000),
        )
        kept = _kept(
            self._receipts.save(receipt, file, submitted_at, before),
            end + self._limits.deadline_margin * _RECEIPT_SHARE,
        )
        keeping = asyncio.create_task(kept)
        await asyncio.sleep(0)  # the receipt is on its way while the images are reported
        self._report.images_done(file, outcomes)
        result = await keeping
        error = result if isinstance(result, IntakeError) else None
        stands = receipt if isinstance(result, IntakeError) else result
        self._report.file_done(stands, error)
        return stands if error is None else stands.without_key()

    def skip(self, file: File) -> None:
        """Tell of a File that there was no time to begin."""
        self._report.file_skipped(file)

    async def read_receipt(self, file_id: str) -> bytes | None:
        """Return a stored receipt, or None where there is none.

        Raises:
            StoreFailed, StoreDenied: the store does not say.
        """
        return await self._receipts.read(file_id)

    async def _take_images(self, file: File, known: Sequence[CarriedOver | None], end: float) -> list[Outcome]:
        """Start one task for every distinct URL, and give every image its outcome when the time is over."""
        read = [kept or _read(request) for kept, request in zip(known, file.images, strict=True)]
        wanted: dict[Url, set[str | None]] = defaultdict(set)
        for request, url in zip(file.images, read, strict=True):
            if isinstance(url, Url):
                wanted[url].add(request.sha256)
        efforts = {url: FetchStats() for url in wanted}
        tasks = {
            url: asyncio.create_task(self._take_image(url, digests, efforts[url], end))
            for url, digests in wanted.items()
        }
        await _run_until(tasks.values(), end)
        results = {url: _result(task, efforts[url]) for url, task in tasks.items()}
        return [
            _judge(request, results[url] if isinstance(url, Url) else url)
            for request, url in zip(file.images, read, strict=True)
        ]

    async def _take_image(self, url: Url, wanted: Collection[str | None], effort: FetchStats, end: float) -> Outcome:
        """Downloader, verify, hash and store one URL; whatever happens is an outcome."""
        reservation = Reservation(self._budget, self._turns)
        try:
            download = await self._fetch.fetch(url, reservation, effort, end)
            return await self._keep_image(download, wanted, effort)
        except IntakeError as error:
            clear_traceback(error)
            return Failed(error, effort)
        except Exception as error:  # noqa: BLE001 - a bug of ours must not take the neighbours down
            return Failed(InternalError.of(error), effort)
        finally:
            reservation.release()

    async def _keep_image(self, download: Download, wanted: Collection[str | None], effort: FetchStats) -> Stored:
        if None not in wanted and download.sha256 not in wanted:
            raise ChecksumMismatch
        image = await self._inspect(download.body)
        key = image_key(download.sha256, image)
        now = asyncio.get_running_loop().time
        begin = now()
        try:
            reused = await self._store.put_image(key, image, download.body, download.sha256)
        finally:
            effort.store_ms = round((now() - begin) * 1000)
        size = len(download.body)
        return Stored(image, key, download.sha256, size, download.final_url, reused, effort)

    async def _inspect(self, body: memoryview) -> ImageInfo:
        """Walk a body. Hostile ones take their time: between them the loop comes round, to the deadline as well."""
        async with self._walking:
            begin = perf_counter()
            try:
                return verify(body, self._limits)
            finally:
                self._walked += perf_counter() - begin
                if self._walked > _WALKING_SECONDS:
                    self._walked = 0.0
                    await asyncio.sleep(0)


async def _kept(keeping: Awaitable[Receipt], end: float) -> Receipt | IntakeError:
    """Wait until the receipt is stored, and return the one that stands, or why it could not be."""
    try:
        async with asyncio.timeout_at(end):
            return await keeping
    except IntakeError as error:
        return error
    except TimeoutError:
        return StoreFailed(reason="the deadline came before the receipt was stored")
    except Exception as error:  # noqa: BLE001 - a bug of ours must not take the answer away
        return InternalError.of(error)


def _read(request: ImageRequest) -> Url | Failed:
    try:
        return Url.parse(request.url)
    except IntakeError as error:
        return Failed(error, FetchStats())


def _judge(request: ImageRequest, outcome: Outcome) -> Outcome:
    """Hold what was fetched against what this request expects: the same URL may be asked for with two digests."""
    match outcome:
        case Stored(sha256=found, effort=effort) if request.sha256 not in {None, found}:
            return Failed(ChecksumMismatch(), effort)
        case _:
            return outcome


async def _run_until(tasks: Collection[asyncio.Task[Outcome]], end: float) -> None:
    """Wait for the tasks until `end`, on the loop's clock, and cut off what is not done then."""
    if not tasks:
        return
    try:
        await asyncio.wait(tasks, timeout=max(0.0, end - asyncio.get_running_loop().time()))
    finally:
        late = [task for task in tasks if task.cancel()]
    if late:
        await asyncio.wait(late, timeout=_CANCEL_SECONDS)


def _result(task: asyncio.Task[Outcome], effort: FetchStats) -> Outcome:
    if not task.done() or task.cancelled():
        return Failed(DeadlineExceeded(), effort)
    return task.result()

"""The ports of the ingest package, in memory: one fake for each, which records its calls and fails on demand."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Buffer, Mapping, Sequence
from dataclasses import dataclass, field
from time import time

from intake.ingest.deadline import Deadline
from intake.ingest.download_port import Condition, Download, Unchanged
from intake.ingest.ports import DocumentFault, StoredDocument, StoredObject
from intake.model.error_codes import Blocked, IntakeError, NotFound
from intake.model.file import File, ImageRequest
from intake.model.image_info import ImageInfo, ImageWarning
from intake.model.outcome import FetchStats, Outcome
from intake.model.receipt import Receipt
from intake.model.url import Url


@dataclass(frozen=True, slots=True)
class Delayed:
    """A result that comes late.

    Attributes:
        seconds: the delay; `float("inf")` for a result that never comes.
        result: the body, or the error to raise.
    """

    seconds: float
    result: "bytes | Exception" = b""


type FakeResult = bytes | Exception | Delayed


@dataclass
class FakeDownloader:
    """Serves URLs from a dict; a URL that is not in it is not found.

    Attributes:
        results: a body, an error to raise, or either of them late, by the URL's text.
        requests: the number of requests of each URL.
        concurrent, max_concurrent: downloads in progress, now and at the maximum.
        released: the number of downloads that were released.
        final_urls: the URL that a URL redirects to, by its text.
        warnings: the warnings of every download.
        announces_lengths: whether a response has a Content-Length.
        headers: the headers of a response, by the text of the requested URL. A condition with its ETag is unchanged.
        conditions: the condition of each request, in order; None for a plain one.
        blocked_hosts: hosts that no request may be sent to.
        private_hosts: hosts whose requests need credentials.
        flushes: the seconds that each call of `flush` was given.
        shares: the share of each request.
    """

    results: Mapping[str, FakeResult] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    concurrent: int = 0
    max_concurrent: int = 0
    released: int = 0
    final_urls: dict[str, str] = field(default_factory=dict)
    warnings: tuple[ImageWarning, ...] = ()
    announces_lengths: bool = True
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    conditions: list[Condition | None] = field(default_factory=list)
    blocked_hosts: set[str] = field(default_factory=set)
    private_hosts: set[str] = field(default_factory=set)
    flushes: list[float] = field(default_factory=list)
    shares: list[str] = field(default_factory=list)

    async def download(
        self, url: Url, stats: FetchStats, deadline: Deadline, condition: Condition | None = None, *, share: str = ""
    ) -> Download | Unchanged:
        """See `Downloader.download`."""
        del deadline  # this fake never retries
        self.shares.append(share)
        self.requests[str(url)] += 1
        self.conditions.append(condition)
        stats.attempts += 1
        self.concurrent += 1
        self.max_concurrent = max(self.max_concurrent, self.concurrent)
        try:
            body = await _wait_for(self.results.get(str(url), NotFound("The origin answered 404.")))
        finally:
            self.concurrent -= 1
        final = Url.parse(self.final_urls.get(str(url), str(url)))
        final = url if final == url else final
        headers = self.headers.get(str(url), {})
        if condition is not None and condition.validators.etag == headers.get("etag"):
            unchanged = Unchanged(condition, final, headers, time())
            if await unchanged.is_stored():
                return unchanged
            self.conditions.append(None)
        length = len(body) if self.announces_lengths else None
        digest = hashlib.sha256(body).hexdigest()
        return Download(memoryview(body), digest, final, self, length, self.warnings, headers, time())

    def require_allowed(self, url: Url) -> None:
        """See `Downloader.require_allowed`."""
        if url.host in self.blocked_hosts:
            raise Blocked(reason=f"{url.host} is blocked")

    def needs_credentials(self, url: Url) -> bool:
        """See `Downloader.needs_credentials`."""
        return url.host in self.private_hosts

    async def flush(self, seconds: float) -> None:
        """See `Downloader.flush`."""
        self.flushes.append(seconds)

    def release(self) -> None:
        """See `HeldResources.release`."""
        self.released += 1


async def _wait_for(result: FakeResult) -> bytes:
    if isinstance(result, Delayed):
        # asyncio.sleep does not accept infinity: wait for a future without a result instead.
        never = asyncio.get_running_loop().create_future()
        await (never if result.seconds == float("inf") else asyncio.sleep(result.seconds))
        result = result.result
    if isinstance(result, Exception):
        raise result
    return result


@dataclass
class FakeStore:
    """A bucket in memory.

    Attributes:
        objects: the stored objects, by key.
        images: the facts that were stored with the images, by key.
        requests: the number of calls, by method and key: "HEAD images/3f/3f9a….jpg".
        writes: the number of writes of each key; a reused image is not written.
        is_ready: whether requests can be sent at once.
        failures: the error to raise for all keys with this prefix ("receipts/", "images/3f/3f9a").
        delay: the duration of each call, in seconds.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    images: dict[str, ImageInfo] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    writes: Counter[str] = field(default_factory=Counter)
    failures: dict[str, BaseException] = field(default_factory=dict)
    delay: float = 0.0
    is_ready: bool = True

    async def find_image(self, key: str) -> StoredObject | None:
        """See `Store.find_image`."""
        try:
            await self._work("HEAD", key)
        except IntakeError:
            return None
        return StoredObject(len(self.objects[key]), self.images.get(key)) if key in self.objects else None

    async def put_image(self, key: str, image: ImageInfo, body: Buffer, sha256: str) -> bool:
        """See `Store.put_image`."""
        await self._work("PUT", key)
        data = bytes(body)
        assert sha256 == hashlib.sha256(data).hexdigest()
        if key in self.objects:
            return True
        self.images[key] = image
        self._write(key, data)
        return False

    async def put_document(self, key: str, document: bytes, *, retry: bool = True) -> None:
        """See `Store.put_document`."""
        del retry  # this fake never retries
        await self._work("PUT", key)
        self._write(key, document)

    async def replace_document(self, key: str, document: bytes, version: str | None, *, retry: bool = True) -> bool:
        """See `Store.replace_document`."""
        del retry
        await self._work("PUT", key)
        if version != self._version(key):
            return False
        self._write(key, document)
        return True

    async def get_document(self, key: str, *, retry: bool = True) -> StoredDocument | None:
        """See `Store.get_document`."""
        del retry
        await self._work("GET", key)
        version = self._version(key)
        return None if version is None else StoredDocument(self.objects[key], version)

    def _version(self, key: str) -> str | None:
        """Return the ETag of an object, which S3 makes of its bytes."""
        return hashlib.md5(self.objects[key]).hexdigest() if key in self.objects else None  # noqa: S324 - an ETag

    async def _work(self, method: str, key: str) -> None:
        self.requests[f"{method} {key}"] += 1
        await asyncio.sleep(self.delay)
        for prefix, error in self.failures.items():
            if key.startswith(prefix):
                raise error

    def _write(self, key: str, data: bytes) -> None:
        self.objects[key] = data
        self.writes[key] += 1


@dataclass
class RecordingObserver:
    """Records its calls.

    Attributes:
        outcomes: File, image and outcome, in the order of the calls.
        receipts: receipts, each with the error that prevented it from being stored.
        skipped: Files that were not started.
        unread: the faults of known documents, with details.
        unsure: the URLs of images that a decoder was not sure about, with details.
    """

    outcomes: list[tuple[File, ImageRequest, Outcome]] = field(default_factory=list)
    receipts: list[tuple[Receipt, IntakeError | None]] = field(default_factory=list)
    skipped: list[File] = field(default_factory=list)
    unread: list[tuple[DocumentFault, str]] = field(default_factory=list)
    unsure: list[tuple[str, str]] = field(default_factory=list)

    def images_done(self, file: File, outcomes: Sequence[Outcome]) -> None:
        """See `Observer.images_done`."""
        pairs = zip(file.images, outcomes, strict=True)
        self.outcomes.extend((file, request, outcome) for request, outcome in pairs)

    def file_done(self, receipt: Receipt, receipt_error: IntakeError | None) -> None:
        """See `Observer.file_done`."""
        self.receipts.append((receipt, receipt_error))

    def known_document_unread(self, fault: DocumentFault, reason: str) -> None:
        """See `Observer.known_document_unread`."""
        self.unread.append((fault, reason))

    def decoder_unsure(self, url: Url, reason: str) -> None:
        """See `Observer.decoder_unsure`."""
        self.unsure.append((str(url), reason))

    def file_skipped(self, file: File) -> None:
        """See `Observer.file_skipped`."""
        self.skipped.append(file)

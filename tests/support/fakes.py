"""The world as the use case sees it, in memory: one fake for each port, which does and remembers as it is told."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import AsyncGenerator, Buffer, Mapping, Sequence
from dataclasses import dataclass, field

from intake.ingest.deadline import Deadline
from intake.ingest.ports import Download, StoredDocument
from intake.model.errors import IntakeError, NotFound, StoreFailed
from intake.model.file import File, ImageRequest
from intake.model.image_info import ImageInfo
from intake.model.outcome import FetchStats, Outcome
from intake.model.receipt import Receipt
from intake.model.url import Url


@dataclass(frozen=True, slots=True)
class Slow:
    """An answer that takes its time.

    Attributes:
        seconds: how long; `float("inf")` for one that never comes.
        then: the answer.
    """

    seconds: float
    then: "bytes | Exception" = b""


type Answer = bytes | Exception | Slow


@dataclass
class FakeDownloader:
    """Answers URLs from a dict; a URL that is not in it is not found.

    Attributes:
        answers: a body, an error to raise, or either of them late, by the URL's text.
        asked: how often each URL was asked for.
        concurrent, max_concurrent: downloads in progress, now and at most.
        released: how many downloads were released.
        moved: where the bytes of a URL really came from, by its text.
    """

    answers: Mapping[str, Answer] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    concurrent: int = 0
    max_concurrent: int = 0
    released: int = 0
    moved: dict[str, str] = field(default_factory=dict)

    async def download(self, url: Url, stats: FetchStats, deadline: Deadline) -> Download:
        """See `Downloader.download`."""
        del deadline  # it never retries
        self.asked[str(url)] += 1
        stats.attempts += 1
        self.concurrent += 1
        self.max_concurrent = max(self.max_concurrent, self.concurrent)
        try:
            body = await _settle(self.answers.get(str(url), NotFound("The origin answered 404.")))
        finally:
            self.concurrent -= 1
        final = Url.parse(self.moved.get(str(url), str(url)))
        return Download(memoryview(body), hashlib.sha256(body).hexdigest(), final, lease=self)

    def release(self) -> None:
        """See `Lease.release`."""
        self.released += 1


async def _settle(answer: Answer) -> bytes:
    if isinstance(answer, Slow):
        # A sleep without end is a future that nobody settles.
        endless = asyncio.get_running_loop().create_future()
        await (endless if answer.seconds == float("inf") else asyncio.sleep(answer.seconds))
        answer = answer.then
    if isinstance(answer, Exception):
        raise answer
    return answer


@dataclass
class FakeStore:
    """A bucket in memory.

    Attributes:
        objects: what is kept, by key.
        types: content types of the images, by key.
        writes: how often each key was written; a reused image is not.
        failures: the error that is raised for every key with such a beginning ("receipts/", "images/3f/3f9a").
        seconds: how long each call takes.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    writes: Counter[str] = field(default_factory=Counter)
    failures: dict[str, Exception] = field(default_factory=dict)
    seconds: float = 0.0

    async def put_image(self, key: str, image: ImageInfo, body: Buffer, sha256: str) -> bool:
        """See `Store.put_image`."""
        await self._work(key)
        held = bytes(body)
        assert sha256 == hashlib.sha256(held).hexdigest()
        if key in self.objects:
            return True
        self.types[key] = image.content_type
        self._write(key, held)
        return False

    async def put_document(self, key: str, document: bytes) -> None:
        """See `Store.put_document`."""
        await self._work(key)
        self._write(key, document)

    async def replace_document(self, key: str, document: bytes, version: str | None) -> bool:
        """See `Store.replace_document`."""
        await self._work(key)
        if version != self._version(key):
            return False
        self._write(key, document)
        return True

    async def get_document(self, key: str) -> StoredDocument | None:
        """See `Store.get_document`."""
        await self._work(key)
        version = self._version(key)
        return None if version is None else StoredDocument(self.objects[key], version)

    def _version(self, key: str) -> str | None:
        """Of what is kept, as S3 has it: the digest of the bytes."""
        return hashlib.md5(self.objects[key]).hexdigest() if key in self.objects else None  # noqa: S324 - an ETag

    async def _work(self, key: str) -> None:
        await asyncio.sleep(self.seconds)
        for beginning, error in self.failures.items():
            if key.startswith(beginning):
                raise error

    def _write(self, key: str, held: bytes) -> None:
        self.objects[key] = held
        self.writes[key] += 1


@dataclass
class RecordingObserver:
    """Remembers what it is told.

    Attributes:
        told: File, image and its outcome, in the order they were told.
        files: receipts, each with the error that kept it from being stored.
        left: Files that were not begun.
    """

    told: list[tuple[File, ImageRequest, Outcome]] = field(default_factory=list)
    files: list[tuple[Receipt, IntakeError | None]] = field(default_factory=list)
    left: list[File] = field(default_factory=list)

    def images_done(self, file: File, outcomes: Sequence[Outcome]) -> None:
        """See `Observer.images_done`."""
        told = zip(file.images, outcomes, strict=True)
        self.told.extend((file, request, outcome) for request, outcome in told)

    def file_done(self, receipt: Receipt, receipt_error: IntakeError | None) -> None:
        """See `Observer.file_done`."""
        self.files.append((receipt, receipt_error))

    def file_skipped(self, file: File) -> None:
        """See `Observer.file_skipped`."""
        self.left.append(file)


@dataclass
class FakeInbox:
    """ManifestService in memory.

    Attributes:
        objects: what is there, by key.
        piece: bytes that come at once.
        failure: the error of every call, or None.
        readings: how often a manifest was read.
        then: what is put there as soon as a manifest has been read once.
    """

    objects: dict[str, bytes] = field(default_factory=dict)
    piece: int = 7
    readings: int = 0
    then: dict[str, bytes] = field(default_factory=dict)
    failure: Exception | None = None

    async def read(self, key: str, version: str | None = None) -> AsyncGenerator[StoredDocument]:
        """See `Inbox.read`."""
        await self._work()
        self.readings += 1
        held = self.objects.get(key, b"")
        there = hashlib.sha256(held).hexdigest()
        if version not in {None, there}:
            raise StoreFailed(reason=f"{key} was replaced while it was read")
        for start in range(0, len(held), self.piece):
            yield StoredDocument(held[start : start + self.piece], there)
        self.objects |= self.then

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

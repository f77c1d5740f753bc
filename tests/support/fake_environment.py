"""Execution environments over fakes: they share an origin and a bucket, and each has a memory of its own."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from intake.ingest.deadline import Deadline
from intake.ingest.decoder_check import DecoderCheck
from intake.ingest.file_service import IngestService
from intake.known.url_key import url_key
from intake.model.file import File
from intake.model.limits import Limits
from intake.model.object_keys import known_document_key
from intake.model.receipt import FailedEntry, Receipt
from intake.model.refresh import Refresh
from intake.model.url import Url
from support.fake_decoder import FakeDecoder
from support.fake_ports import FakeDownloader, FakeResult, FakeStore, RecordingObserver
from support.sample_images import picture

ONE, TWO, THREE = picture(4, 3, 1), picture(5, 4, 2), picture(6, 5, 3)
AT = "https://a.example/"
KNOWN = known_document_key([url_key(Url.parse(AT + "one")), url_key(Url.parse(AT + "two"))])
"""The document of every File with the base images `one` and `two`."""


class Origin(FakeDownloader):
    """The origin of one test; all environments ask it."""

    def plain_requests(self) -> int:
        """Return the number of requests without a condition."""
        return sum(condition is None for condition in self.conditions)


def make_origin(**bodies: FakeResult) -> Origin:
    """Return an origin with a strong ETag for each body."""
    headers = {AT + name: {"etag": f'"{name}"'} for name in bodies}
    return Origin({AT + name: body for name, body in bodies.items()}, headers=headers)


@dataclass
class Environment:
    """One execution environment: it shares the origin and the bucket with others, and no memory."""

    origin: Origin
    store: FakeStore = field(default_factory=FakeStore)
    refresh: Refresh = Refresh.REVALIDATE
    uses_known_documents: bool = True
    limits: Limits = field(default_factory=Limits)
    decoder: FakeDecoder | None = None

    def __post_init__(self) -> None:
        self.observer = RecordingObserver()
        decoder_check = None if self.decoder is None else DecoderCheck(self.decoder, self.observer)
        self.service = IngestService(
            self.origin,
            self.store,
            self.observer,
            self.limits,
            "bucket",
            refresh=self.refresh,
            uses_known_documents=self.uses_known_documents,
            decoder=decoder_check,
        )

    async def run(self, *names: str | dict[str, str], submitted_at: datetime | None = None, **members: Any) -> Receipt:
        """Ingest a File whose first name is the image to inspect; one name is a URL list."""
        file, *bases = ({"url": AT + name} if isinstance(name, str) else name for name in names)
        document: dict[str, Any] = {"fileUrl": file["url"], "baseUrls": bases} if bases else {"urls": [file]}
        file_ = File.parse({"id": "lot-7"} | document | members)
        return await self.service.ingest(file_, Deadline.after(60.0, 1.0), submitted_at=submitted_at)

    def another(self, **changes: Any) -> "Environment":
        """Return an environment that has no memory yet."""
        return replace(self, **changes)


def sources(receipt: Receipt) -> list[str]:
    """Return the source of each image, and whether it is reused; or its error code."""
    return [
        image.error.code if isinstance(image, FailedEntry) else f"{image.source.value}{' reused' * image.reused}"
        for image in receipt.images
    ]


def requests_of(store: FakeStore, prefix: str) -> int:
    """Return the number of calls of the store with this prefix: "GET known/"."""
    return sum(number for call, number in store.requests.items() if call.startswith(prefix))

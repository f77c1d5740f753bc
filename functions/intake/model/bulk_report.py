"""What became of a batch of the bulk door, and of a whole run: counts, and the documents to be handed over again."""

import hashlib
import json
from collections import Counter
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from intake.model.receipt import FailedEntry, Receipt


class _Document(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Totals(_Document):
    """Added up over Files."""

    files: Annotated[int, Field(description="Documents, those that are no File among them.")] = 0
    status: Annotated[Counter[str], Field(description="Files by status; `refused` are no Files.")] = Counter()
    images: Annotated[Counter[str], Field(description="Images: stored, reused, failed.")] = Counter()
    codes: Annotated[Counter[str], Field(description="Failed images by error code.")] = Counter()
    bytes: int = 0

    def add(self, other: "Totals") -> None:
        self.files += other.files
        self.status += other.status
        self.images += other.images
        self.codes += other.codes
        self.bytes += other.bytes


class BatchReport(_Document):
    """One batch: its counts, and every document of which not all images are stored.

    Attributes:
        batch: the name of its execution, where the state machine wrote it down: a batch that broke, with all its items.
    """

    batch: str = ""
    counts: Totals = Field(default_factory=Totals)
    failed: list[Any] = []

    def add(self, document: object, receipt: Receipt) -> None:
        """Write down a File that was taken in."""
        counts = receipt.counts
        images = Counter(stored=counts.stored, reused=counts.reused, failed=counts.failed)
        codes = Counter(image.error.code for image in receipt.images if isinstance(image, FailedEntry))
        self._count(receipt.status.value, images, codes, counts.bytes)
        if counts.failed:
            self.failed.append(document)

    def add_unreached(self, document: object, images: int) -> None:
        """Write down a File that there was no time for."""
        self._count("failed", Counter(failed=images), Counter(deadline_exceeded=images), 0)
        self.failed.append(document)

    def add_refused(self, document: object) -> None:
        """Write down what is no File."""
        self._count("refused", Counter(), Counter(), 0)
        self.failed.append(document)

    def _count(self, status: str, images: Counter[str], codes: Counter[str], size: int) -> None:
        # A Counter that is added to drops what is zero.
        self.counts.add(Totals(files=1, status=Counter({status: 1}), images=images, codes=codes, bytes=size))

    def to_json(self) -> bytes:
        return to_json_line(self.model_dump(by_alias=True))


class Summary(_Document):
    """One run of the bulk door."""

    run: str
    source: Annotated[str | None, Field(alias="list")] = None
    started_at: str | None = None
    ended_at: str
    seconds: float
    complete: Annotated[bool, Field(description="False: the run was given up, and lines may not have been begun.")] = (
        True
    )
    error: Annotated[str | None, Field(description="Why it was given up; null where it was not.")] = None
    batches: int = 0
    counts: Totals = Field(default_factory=Totals)
    failed_key: Annotated[str | None, Field(description="Of the list of what failed; null where nothing did.")] = None


def batch_key(run: str, items: object, batch: str = "") -> str:
    """Where the report of a batch stands: the same batch, tried again, writes the same object.

    Args:
        run: the name of the run.
        items: of the batch.
        batch: the name of the batch's own execution, which tells equal batches of one list apart.
    """
    return f"{batches_prefix(run)}{hashlib.sha256(to_json_line([batch, items])).hexdigest()}.json"


def to_json_line(document: object) -> bytes:
    """Write a document as it came, in ASCII: half a surrogate pair is JSON, and no UTF-8."""
    return json.dumps(document, separators=(",", ":")).encode()


def batches_prefix(run: str) -> str:
    return f"runs/{run}/batches/"


def broken_prefix(run: str) -> str:
    """Where the state machine keeps the batches that broke."""
    return f"runs/{run}/broken/"


def summary_key(run: str) -> str:
    return f"runs/{run}/summary.json"


def failed_key(run: str) -> str:
    return f"runs/{run}/failed.jsonl"

"""Receipt: what happened to a File, with one entry for every image, in the order of the request."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from operator import is_
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema
from pydantic.alias_generators import to_camel

from intake.model.error_codes import LEAVES, ErrorClass, IntakeError
from intake.model.file import File, ImageRequest, Role
from intake.model.image_info import ImageWarning
from intake.model.object_keys import receipt_key
from intake.model.outcome import CarriedOver, Failed, Outcome, Source, Stored
from intake.model.url import redact
from intake.model.verification import Verification

_TIME = "%Y-%m-%dT%H:%M:%SZ"


class Status(StrEnum):
    """How a File ended: all images stored, some, or none."""

    STORED = "stored"
    PARTIAL = "partial"
    FAILED = "failed"

    @classmethod
    def of(cls, *, stored: int, failed: int) -> "Status":
        """Return the status of a File with so many stored and failed images."""
        return cls.STORED if not failed else cls.PARTIAL if stored else cls.FAILED


class _Document(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class ErrorEntry(_Document):
    """Why an image failed."""

    code: Annotated[str, Field(json_schema_extra={"enum": [leaf.code for leaf in LEAVES]})]
    error_class: Annotated[ErrorClass, Field(alias="class")]
    message: str
    retryable: Annotated[bool, Field(description="Whether the same request may succeed later.")]

    @classmethod
    def of(cls, error: IntakeError) -> Self:
        return cls(code=error.code, error_class=error.error_class, message=error.message, retryable=error.retryable)


_NOTE = Annotated[
    dict[str, Any] | None,
    WithJsonSchema({"type": "object", "additionalProperties": True}),
    Field(
        exclude_if=partial(is_, None),  # a function in C, because it is called for every image
        description="The note of the request, if it has one.",
        json_schema_extra=lambda schema: schema.pop("default"),
    ),
]


class _Entry(_Document):
    role: Role
    index: Annotated[int, Field(ge=0, description="The position among the images of this role, from 0.")]
    url: Annotated[str, Field(description="The URL of the request; the stored receipt omits its query.")]
    attempts: Annotated[int, Field(ge=0)]
    elapsed_ms: Annotated[int, Field(ge=0)]
    note: _NOTE = None


class StoredEntry(_Entry):
    """An image that is in the bucket."""

    status: Literal["stored"] = "stored"
    key: str
    sha256: str
    content_type: str
    bytes: int
    width: int
    height: int
    frames: int
    final_url: Annotated[str, Field(description="The URL after redirects, without its query.")]
    reused: Annotated[bool, Field(description="Whether the bytes were already in the bucket.")]
    source: Annotated[
        Source,
        Field(
            description="How the service learned that it has the bytes: it downloaded them (fetched), the origin "
            "answered 304 (unchanged), the last response is fresh by its Cache-Control (fresh), or the object with the "
            "expected digest is in the bucket (known)."
        ),
    ] = Source.FETCHED
    warnings: Annotated[
        tuple[Annotated[str, Field(json_schema_extra={"enum": [code.value for code in ImageWarning]})], ...],
        Field(description="What is unusual about the image, which is stored all the same."),
    ] = ()


class FailedEntry(_Entry):
    """An image that is not in the bucket, and why."""

    status: Literal["failed"] = "failed"
    error: ErrorEntry


class Counts(_Document):
    """Images by result; every image counts once."""

    stored: Annotated[int, Field(description="The bytes were new to the bucket.")]
    reused: Annotated[int, Field(description="The bytes were already in the bucket.")]
    failed: int
    bytes: Annotated[int, Field(description="Total size of all images that are in the bucket.")]


class Receipt(_Document):
    """What happened to a File."""

    id: str
    digest: Annotated[str, Field(description="SHA-256 over the File's URLs.")]
    status: Status
    bucket: str
    receipt_key: Annotated[str | None, Field(description="Null if the receipt could not be stored.")]
    created_at: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
    elapsed_ms: int
    object_keys: Annotated[list[str | None], Field(description="In request order; null for an image that failed.")]
    counts: Counts
    images: list[Annotated[StoredEntry | FailedEntry, Field(discriminator="status")]]
    note: _NOTE = None
    verification: Annotated[
        Verification,
        Field(
            exclude_if=partial(is_, Verification.STRUCTURE),
            description="How far the images were verified: `decode` if by a decoder; left out if by their structure.",
        ),
    ] = Verification.STRUCTURE
    known: Annotated[
        Any,
        Field(
            exclude_if=lambda known: known is None,
            description="Only in receipts of manifests, bulk lists and messages: what the next run of the File needs "
            "to ask the origins only for changes. URLs are digests. Its form may change.",
        ),
    ] = None

    @classmethod
    def of(cls, file: File, outcomes: Sequence[Outcome], *, bucket: str, created_at: datetime, elapsed_ms: int) -> Self:
        """Create a receipt from the outcomes: one for each image of the File, in the same order."""
        entries = [_make_entry(*pair) for pair in zip(file.images, outcomes, strict=True)]
        stored = [entry for entry in entries if isinstance(entry, StoredEntry)]
        failed = len(entries) - len(stored)
        reused = Counter(entry.reused for entry in stored)
        return cls(
            id=file.id,
            digest=file.digest,
            status=Status.of(stored=len(stored), failed=failed),
            bucket=bucket,
            receipt_key=receipt_key(file.id),
            created_at=created_at.strftime(_TIME),
            elapsed_ms=elapsed_ms,
            object_keys=[entry.key if isinstance(entry, StoredEntry) else None for entry in entries],
            counts=Counts(
                stored=reused[False], reused=reused[True], failed=failed, bytes=sum(entry.bytes for entry in stored)
            ),
            images=entries,
            note=file.note,
        )

    @property
    def is_final(self) -> bool:
        """Whether another run would end the same: no image failed with a transient error."""
        return not any(isinstance(image, FailedEntry) and image.error.retryable for image in self.images)

    @property
    def written_at(self) -> datetime:
        """When the receipt was created, in whole seconds."""
        return datetime.strptime(self.created_at, _TIME).replace(tzinfo=UTC)

    def to_json(self) -> bytes:
        """Encode the receipt for the API response."""
        return self.model_dump_json(by_alias=True).encode()

    def to_stored_json(self) -> bytes:
        """Encode the receipt for the bucket: without query strings, because presigned URLs are secrets."""
        return self.model_copy(update={"images": [_without_secrets(image) for image in self.images]}).to_json()

    def with_known(self, known: object) -> Self:
        """Return the receipt with what is known of its images, for the next run of the File."""
        return self.model_copy(update={"known": known})

    def with_verification(self, verification: Verification) -> Self:
        return self.model_copy(update={"verification": verification})

    def has_notes_of(self, file: File) -> bool:
        """Whether the notes are those of a File with as many images."""
        return _encode_notes(self.note, self.images) == _encode_notes(file.note, file.images)

    def with_notes_of(self, file: File) -> Self:
        """Return the receipt with the notes of a File, which has as many images."""
        pairs = zip(self.images, file.images, strict=True)
        images = [image.model_copy(update={"note": request.note}) for image, request in pairs]
        return self.model_copy(update={"note": file.note, "images": images})

    def without_key(self) -> Self:
        """Return the receipt with a null key, because it could not be stored."""
        return self.model_copy(update={"receipt_key": None})


def _without_secrets[T: _Entry](image: T) -> T:
    url = redact(image.url)
    return image if url == image.url else image.model_copy(update={"url": url})


def _encode_notes(note: object, images: Iterable[_Entry | ImageRequest]) -> str:
    """Encode notes, to compare them. In Python, 1 and True are equal."""
    return json.dumps([note, *(image.note for image in images)], sort_keys=True)


def _make_entry(request: ImageRequest, outcome: Outcome) -> StoredEntry | FailedEntry:
    if isinstance(outcome, CarriedOver):
        return outcome.entry.model_copy(update={"url": request.url, "note": request.note})
    common = {
        "role": request.role,
        "index": request.index,
        "url": request.url,
        "attempts": outcome.stats.attempts,
        "elapsed_ms": outcome.stats.fetch_ms + outcome.stats.store_ms,
        "note": request.note,
    }
    match outcome:
        case Failed(error):
            return FailedEntry(**common, error=ErrorEntry.of(error))
        case Stored(image):
            return StoredEntry(
                **common,
                key=outcome.key,
                sha256=outcome.sha256,
                content_type=image.content_type,
                bytes=outcome.size,
                width=image.width,
                height=image.height,
                frames=image.frames,
                final_url=redact(str(outcome.final_url)),
                reused=outcome.reused,
                source=outcome.source,
                warnings=outcome.warnings,
            )

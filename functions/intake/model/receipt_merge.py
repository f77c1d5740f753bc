"""The rules by which two runs of one File share a receipt: which results a run reuses, and how receipts merge."""

from datetime import datetime

from intake.model.errors import ChecksumMismatch, ErrorClass, StoreDenied
from intake.model.file import File, ImageRequest
from intake.model.outcome import CarriedOver
from intake.model.receipt import FailedEntry, Receipt, StoredEntry

# These permanent errors are not the origin's: the caller may expect another digest now, and the operator may have
# corrected the rights of the function.
_NOT_FINAL = frozenset({ChecksumMismatch.code, StoreDenied.code})

type Entry = StoredEntry | FailedEntry


def matches(receipt: Receipt, file: File, submitted_at: datetime) -> bool:
    """Whether the receipt is of the same URLs and was written since the File was submitted.

    Receipts have times in whole seconds, so the second in which the File was submitted counts.
    """
    is_same = receipt.digest == file.digest and len(receipt.images) == len(file.images)
    return is_same and receipt.written_at >= submitted_at.replace(microsecond=0)


def reusable_outcomes(receipt: Receipt, file: File) -> list[CarriedOver | None]:
    """Return the results that a later run of the File reuses, in the order of its images; None: it must try again."""
    return [
        CarriedOver(entry) if _is_final(entry, request) else None
        for entry, request in zip(receipt.images, file.images, strict=True)
    ]


def merge(ours: Receipt, theirs: Receipt, file: File) -> Receipt:
    """Merge the receipts of two runs of one File: an image that either run has stored is stored.

    Args:
        ours: the receipt of this run.
        theirs: the receipt that another run stored meanwhile; it matches the File.
        file: what both runs ingested.

    Returns:
        A receipt with the better entry for each image, or `theirs` itself where ours adds nothing to it.
    """
    merged = [
        our_entry if _is_better(our_entry, their_entry, request) else their_entry
        for our_entry, their_entry, request in zip(ours.images, theirs.images, file.images, strict=True)
    ]
    if all(entry is their_entry for entry, their_entry in zip(merged, theirs.images, strict=True)):
        return theirs
    outcomes = [CarriedOver(entry) for entry in merged]
    return Receipt.of(file, outcomes, bucket=ours.bucket, created_at=ours.written_at, elapsed_ms=ours.elapsed_ms)


def _is_final(entry: Entry, request: ImageRequest) -> bool:
    """Whether another attempt would end the same: the bytes are stored, or the origin's answer is permanent."""
    if isinstance(entry, StoredEntry):
        return request.accepts(entry.sha256)
    return entry.error.error_class is ErrorClass.PERMANENT and entry.error.code not in _NOT_FINAL


def _is_better(our_entry: Entry, their_entry: Entry, request: ImageRequest) -> bool:
    """Whether our entry replaces theirs."""
    match our_entry, their_entry:
        case StoredEntry(), FailedEntry():
            return True
        case FailedEntry(), FailedEntry() if our_entry.error.code == their_entry.error.code:
            return False
        case _:
            return not _is_final(their_entry, request)

"""What one run of a File takes over from another: from an earlier one, or from one at the same moment."""

from datetime import datetime

from intake.model.errors import ChecksumMismatch, ErrorClass, StoreDenied
from intake.model.file import File
from intake.model.outcome import CarriedOver
from intake.model.receipt import FailedEntry, Receipt, StoredEntry

# What is expected may be another digest by now, and what the store refuses is mended on our side.
_NOT_THE_ORIGINS = frozenset({ChecksumMismatch.code, StoreDenied.code})

type Entry = StoredEntry | FailedEntry


def matches(receipt: Receipt, file: File, submitted_at: datetime) -> bool:
    """Whether this is a receipt of the same URLs, written since then."""
    same = receipt.digest == file.digest and len(receipt.images) == len(file.images)
    return same and receipt.written >= submitted_at.replace(microsecond=0)


def reusable_outcomes(receipt: Receipt, file: File) -> list[CarriedOver | None]:
    """What a later run of the File takes over, in the order of the images; None where it has to try again."""
    return [
        CarriedOver(entry) if _lasts(entry, request.sha256) else None
        for entry, request in zip(receipt.images, file.images, strict=True)
    ]


def merge(ours: Receipt, theirs: Receipt, file: File) -> Receipt:
    """Put the receipts of two runs of a File together: what either has stored is stored.

    Args:
        ours: of this run.
        theirs: what another run has kept meanwhile; it matches the File.
        file: what both took in.

    Returns:
        A receipt with the best of both, or `theirs` itself where ours adds nothing to it.
    """
    best = [
        mine if _adds(mine, their, request.sha256) else their
        for mine, their, request in zip(ours.images, theirs.images, file.images, strict=True)
    ]
    if all(entry is their for entry, their in zip(best, theirs.images, strict=True)):
        return theirs
    outcomes = [CarriedOver(entry) for entry in best]
    return Receipt.of(file, outcomes, bucket=ours.bucket, created_at=ours.written, elapsed_ms=ours.elapsed_ms)


def _lasts(entry: Entry, expected: str | None) -> bool:
    """Whether an entry would come out the same: the bytes are there, or the origin itself has said no for good."""
    if isinstance(entry, StoredEntry):
        return expected in {None, entry.sha256}
    return entry.error.error_class is ErrorClass.PERMANENT and entry.error.code not in _NOT_THE_ORIGINS


def _adds(mine: Entry, their: Entry, expected: str | None) -> bool:
    """Whether an entry of ours says what theirs does not."""
    match mine, their:
        case StoredEntry(), FailedEntry():
            return True
        case FailedEntry(), FailedEntry() if mine.error.code == their.error.code:
            return False
        case _:
            return not _lasts(their, expected)

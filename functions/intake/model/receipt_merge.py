"""Decides which outcomes a later run of a File reuses, and merges the receipts of concurrent runs."""

from datetime import datetime

from intake.model.error_codes import ChecksumMismatch, ErrorClass, StoreDenied
from intake.model.file import File, ImageRequest
from intake.model.outcome import CarriedOver
from intake.model.receipt import FailedEntry, Receipt, StoredEntry
from intake.model.verification import Verification

# These permanent errors are not the origin's: the caller may expect another digest now, and the operator may have
# corrected the permissions of the function.
_NOT_REUSABLE = frozenset({ChecksumMismatch.code, StoreDenied.code})

type Entry = StoredEntry | FailedEntry


def matches(
    receipt: Receipt, file: File, submitted_at: datetime, verification: Verification = Verification.STRUCTURE
) -> bool:
    """Whether the receipt is of the same URLs, was written since the File was submitted, and is of verified images.

    Receipts have times in whole seconds, so the whole second in which the File was submitted counts. An image that no
    decoder has checked is not reused where VERIFY=decode asks for one.
    """
    is_same = receipt.digest == file.digest and len(receipt.images) == len(file.images)
    is_verified = verification is Verification.STRUCTURE or receipt.verification is verification
    return is_same and is_verified and receipt.written_at >= submitted_at.replace(microsecond=0)


def reusable_outcomes(receipt: Receipt, file: File) -> list[CarriedOver | None]:
    """Return, for each image in order, the outcome that a later run of the File reuses; None if it must try again."""
    return [
        CarriedOver(entry) if _is_reusable(entry, request) else None
        for entry, request in zip(receipt.images, file.images, strict=True)
    ]


def has_expected_bytes(receipt: Receipt, file: File) -> bool:
    """Whether every image that the receipt calls stored has the bytes that the File expects."""
    return all(
        isinstance(entry, FailedEntry) or request.accepts(entry.sha256)
        for entry, request in zip(receipt.images, file.images, strict=True)
    )


def merge(ours: Receipt, theirs: Receipt, file: File, *, is_ours_later: bool = True) -> Receipt:
    """Merge the receipts of two runs of one File: an image that either run has stored is stored.

    Args:
        ours: the receipt of this run.
        theirs: the receipt that another run stored meanwhile; it matches the File.
        file: the File that both runs ingested.
        is_ours_later: whether our run ended after theirs was stored. Of two entries of equal value, the later stands.

    Returns:
        A receipt with the better entry for each image and the notes of the File, without `known`; or `theirs` itself if
        ours adds nothing to it. Then, if theirs is later, its notes may be those of another request.
    """
    merged = [
        our_entry if _is_better(our_entry, their_entry, request, is_ours_later=is_ours_later) else their_entry
        for our_entry, their_entry, request in zip(ours.images, theirs.images, file.images, strict=True)
    ]
    adds_nothing = all(entry is their_entry for entry, their_entry in zip(merged, theirs.images, strict=True))
    if adds_nothing and (theirs.has_notes_of(file) or not is_ours_later):
        return theirs
    outcomes = [CarriedOver(entry) for entry in merged]
    merged_receipt = Receipt.of(
        file, outcomes, bucket=ours.bucket, created_at=ours.written_at, elapsed_ms=ours.elapsed_ms
    )
    return merged_receipt.with_verification(ours.verification)


def _is_reusable(entry: Entry, request: ImageRequest) -> bool:
    """Whether another attempt would end the same: the bytes are stored, or the error of the origin is permanent."""
    if isinstance(entry, StoredEntry):
        return request.accepts(entry.sha256)
    return entry.error.error_class is ErrorClass.PERMANENT and entry.error.code not in _NOT_REUSABLE


def _is_better(our_entry: Entry, their_entry: Entry, request: ImageRequest, *, is_ours_later: bool) -> bool:
    """Whether our entry replaces theirs."""
    match our_entry, their_entry:
        case StoredEntry(), FailedEntry():
            return True
        case FailedEntry(), FailedEntry() if our_entry.error.code == their_entry.error.code:
            return False
        case _:
            has_value = is_ours_later or _is_reusable(our_entry, request)
            return has_value and not _is_reusable(their_entry, request)

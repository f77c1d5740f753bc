"""Stores one receipt for each File, even if several runs of the same File overlap."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from time import time
from typing import Any

from intake.ingest.deadline import Deadline
from intake.ingest.ports import Store, StoredDocument
from intake.known.known_document import KnownDocument
from intake.known.known_image import KnownImage
from intake.model.error_codes import StoreFailed
from intake.model.file import File
from intake.model.object_keys import receipt_key
from intake.model.outcome import CarriedOver
from intake.model.receipt import Receipt
from intake.model.receipt_merge import has_expected_bytes, matches, merge, reusable_outcomes
from intake.model.verification import Verification

_MAX_WRITES = 8
"""Attempts to store a receipt, besides two for each image. A run of the same File that is faster has then stored an
image, or found that it cannot be stored; a receipt of another File that is later ends the attempts at once."""


@dataclass(frozen=True, slots=True)
class PreviousReceipt:
    """The receipt that was stored when a run started.

    Attributes:
        receipt: the receipt of an earlier run of the same submission; None if there was none.
        version: the version of the stored document, which may be of another submission; None if there was none, or
            it could not be read.
        known: what the document knows of images, whatever submission it is of, by URL key.
    """

    receipt: Receipt | None = None
    version: str | None = None
    known: Mapping[bytes, KnownImage] = field(default_factory=dict)

    def reusable_outcomes(self, file: File) -> list[CarriedOver | None]:
        """Return, for each image, the final outcome that the run reuses, or None."""
        return [None] * len(file.images) if self.receipt is None else reusable_outcomes(self.receipt, file)


class ReceiptStore:
    """Reads and writes receipts; each File id has one."""

    def __init__(self, store: Store, verification: Verification = Verification.STRUCTURE) -> None:
        """Read and write receipts.

        Args:
            store: has the receipts.
            verification: how far images are verified. With DECODE, receipts of runs without a decoder are not reused.
        """
        self._store = store
        self._verification = verification

    async def read(self, file_id: str) -> bytes | None:
        """Return a stored receipt as JSON, or None if there is none.

        Raises:
            StoreFailed, StoreDenied: the store could not be read.
        """
        document = await self._store.get_document(receipt_key(file_id))
        return None if document is None else document.body

    async def load_previous(self, file: File, submitted_at: datetime | None, deadline: Deadline) -> PreviousReceipt:
        """Return the receipt of an earlier run since `submitted_at`; an empty one without it, or if the read fails."""
        if submitted_at is None:
            return PreviousReceipt()
        try:
            async with asyncio.timeout_at(deadline.images):
                document = await self._store.get_document(receipt_key(file.id))
            if document is None:
                return PreviousReceipt()
            receipt = _parse(document)
            is_match = receipt is not None and matches(receipt, file, submitted_at, self._verification)
            return PreviousReceipt(receipt if is_match else None, document.version, _parse_known(receipt))
        except Exception:  # noqa: BLE001 - whatever failed: without a previous receipt, the run ingests everything
            return PreviousReceipt()

    async def save(
        self, receipt: Receipt, file: File, submitted_at: datetime | None, previous: PreviousReceipt
    ) -> Receipt:
        """Store the receipt of a run.

        Args:
            receipt: the receipt of this run.
            file: the File.
            submitted_at: when the File was submitted. With None, this receipt replaces any other. Otherwise other runs
                may write concurrently: this receipt replaces only the previous one, and is merged with a receipt that
                another run of the same submission has stored meanwhile.
            previous: the receipt that was stored before the run.

        Returns:
            The receipt that is stored now. If Files share an id, the later receipt stands: then the returned one may
            have been replaced already.

        Raises:
            StoreFailed, StoreDenied: the receipt is not stored.
        """
        key = receipt_key(receipt.id)
        if submitted_at is None:
            await self._store.put_document(key, receipt.to_stored_json())
            return receipt
        version, is_ours_later = previous.version, True
        for _ in range(_MAX_WRITES + 2 * len(file.images)):
            if await self._store.replace_document(key, receipt.to_stored_json(), version):
                return receipt
            document = await self._store.get_document(key)
            theirs = None if document is None else self._parse_matching(document, file, submitted_at)
            if theirs is not None and has_expected_bytes(theirs, file):
                merged = merge(receipt, theirs, file, is_ours_later=is_ours_later)
                if merged is theirs:
                    # Ours adds nothing; or it is ours, and the response to an earlier write was lost.
                    return theirs.with_notes_of(file)
                receipt = merged.with_known(_merge_known(receipt, theirs))
            elif not is_ours_later and document is not None and document.version != version:
                return receipt  # it was written after our run ended
            # Our run has ended, so what appears from now on is later than our receipt.
            version, is_ours_later = None if document is None else document.version, False
        raise StoreFailed(reason=f"{key} was replaced by other runs again and again")

    def _parse_matching(self, document: StoredDocument, file: File, submitted_at: datetime) -> Receipt | None:
        """Return the receipt in a document; None if it is not a receipt that `matches`."""
        receipt = _parse(document)
        is_match = receipt is not None and matches(receipt, file, submitted_at, self._verification)
        return receipt if is_match else None


def _parse(document: StoredDocument) -> Receipt | None:
    """Return the receipt in a document; None if it is not a receipt."""
    try:
        return Receipt.model_validate_json(document.body)
    except ValueError:
        return None


def _parse_known(receipt: Receipt | None) -> Mapping[bytes, KnownImage]:
    if receipt is None or receipt.known is None:
        return {}
    try:
        return KnownDocument.parse_members(receipt.known).images
    except ValueError:
        return {}


def _merge_known(ours: Receipt, theirs: Receipt) -> dict[str, Any] | None:
    """Return what either receipt knows of images, and of an image that both know, what ours does."""
    images = {**_parse_known(theirs), **_parse_known(ours)}
    return KnownDocument(images, time()).to_members() if images else None

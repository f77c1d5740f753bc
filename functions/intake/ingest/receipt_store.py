"""The receipts of Files: what stands before a run and after it, whoever else is at work on the same File."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from intake.ingest.ports import Store, StoredDocument
from intake.model.errors import StoreFailed
from intake.model.file import File
from intake.model.object_keys import receipt_key
from intake.model.outcome import CarriedOver
from intake.model.receipt import Receipt
from intake.model.receipt_merge import matches, merge, reusable_outcomes

_TURNS = 8
"""How often a receipt is written anew because another run was quicker; each time that other run has got on."""


@dataclass(frozen=True, slots=True)
class PreviousReceipt:
    """What stood in the place of the receipt when a run began.

    Attributes:
        receipt: of the same File, handed over at the same time or later; None where there is no such one.
        version: of whatever stands there; None where nothing does, or the store did not say.
    """

    receipt: Receipt | None = None
    version: str | None = None

    def reusable_outcomes(self, file: File) -> list[CarriedOver | None]:
        """What the run need not do, in the order of the images; None where it has to try."""
        return [None] * len(file.images) if self.receipt is None else reusable_outcomes(self.receipt, file)


class ReceiptStore:
    """Keeps one receipt for each File id."""

    def __init__(self, store: Store) -> None:
        """Keep them in the store."""
        self._store = store

    async def read(self, file_id: str) -> bytes | None:
        """Return what stands in the place of a receipt, or None where nothing does.

        Raises:
            StoreFailed, StoreDenied: the store does not say.
        """
        document = await self._store.get_document(receipt_key(file_id))
        return None if document is None else document.body

    async def load_previous(self, file: File, submitted_at: datetime, end: float) -> PreviousReceipt:
        """Return what another run of the File has left since then, if that can be had in time."""
        try:
            async with asyncio.timeout_at(end):
                document = await self._store.get_document(receipt_key(file.id))
            return (
                PreviousReceipt()
                if document is None
                else PreviousReceipt(_earlier(document, file, submitted_at), document.version)
            )
        except Exception:  # noqa: BLE001 - whatever it is, what cannot be taken over is done again
            return PreviousReceipt()

    async def save(
        self, receipt: Receipt, file: File, submitted_at: datetime | None, before: PreviousReceipt
    ) -> Receipt:
        """Store the receipt of a run.

        Args:
            receipt: what the run has come to.
            file: what was taken in.
            submitted_at: when it was handed over. None: the later receipt stands. Otherwise runs of the same File since then
                may be at work at the same moment: the receipt is written over what was there before only, and what
                another run has kept meanwhile is merge with it.
            before: what stood there before the run.

        Returns:
            The receipt that stands now.

        Raises:
            StoreFailed, StoreDenied: it is not stored.
        """
        key = receipt_key(receipt.id)
        if submitted_at is None:
            await self._store.put_document(key, receipt.to_stored_json())
            return receipt
        version = before.version
        for _ in range(_TURNS):
            if await self._store.replace_document(key, receipt.to_stored_json(), version):
                return receipt
            there = await self._store.get_document(key)
            version = None if there is None else there.version
            theirs = None if there is None else _earlier(there, file, submitted_at)
            if theirs is not None:
                receipt = merge(receipt, theirs, file)
            if receipt is theirs:
                return receipt  # it says it all; or it is our own, and the answer to the first attempt was lost
        raise StoreFailed(reason=f"{key} was written by others {_TURNS} times")


def _earlier(document: StoredDocument, file: File, submitted_at: datetime) -> Receipt | None:
    try:
        receipt = Receipt.model_validate_json(document.body)
        return receipt if matches(receipt, file, submitted_at) else None
    except ValueError:
        return None  # a problem document, or what nobody here has written

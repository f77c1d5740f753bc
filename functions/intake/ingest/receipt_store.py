"""Stores one receipt for each File, also where several runs of the same File overlap."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from intake.ingest.deadline import Deadline
from intake.ingest.ports import Store, StoredDocument
from intake.model.errors import StoreFailed
from intake.model.file import File
from intake.model.object_keys import receipt_key
from intake.model.outcome import CarriedOver
from intake.model.receipt import Receipt
from intake.model.receipt_merge import matches, merge, reusable_outcomes

_MAX_WRITES = 8
"""How often a receipt is written again because another run stored one first. Each time, that run has made progress."""


@dataclass(frozen=True, slots=True)
class PreviousReceipt:
    """What was stored under the key of the receipt when a run started.

    Attributes:
        receipt: a receipt of the same File since it was submitted; None where there is no such one.
        version: of the stored document; None where there is none, or the store could not tell.
    """

    receipt: Receipt | None = None
    version: str | None = None

    def reusable_outcomes(self, file: File) -> list[CarriedOver | None]:
        """Return for each image the final outcome that the run can reuse, or None."""
        return [None] * len(file.images) if self.receipt is None else reusable_outcomes(self.receipt, file)


class ReceiptStore:
    """Reads and writes receipts; each File id has one."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def read(self, file_id: str) -> bytes | None:
        """Return a stored receipt as JSON, or None where there is none.

        Raises:
            StoreFailed, StoreDenied: the store cannot tell.
        """
        document = await self._store.get_document(receipt_key(file_id))
        return None if document is None else document.body

    async def load_previous(self, file: File, submitted_at: datetime, deadline: Deadline) -> PreviousReceipt:
        """Return the receipt of an earlier run since `submitted_at`; an empty one where it cannot be read in time."""
        try:
            async with asyncio.timeout_at(deadline.images):
                document = await self._store.get_document(receipt_key(file.id))
            if document is None:
                return PreviousReceipt()
            return PreviousReceipt(_parse_matching(document, file, submitted_at), document.version)
        except Exception:  # noqa: BLE001 - whatever failed: without a previous receipt, the run ingests everything
            return PreviousReceipt()

    async def save(
        self, receipt: Receipt, file: File, submitted_at: datetime | None, previous: PreviousReceipt
    ) -> Receipt:
        """Store the receipt of a run.

        Args:
            receipt: of this run.
            file: the File.
            submitted_at: when the File was submitted. None: the last receipt that is written stays. Otherwise other
                runs of the same submission may write at the same time: this receipt replaces only the previous one,
                and is merged with one that another run has stored meanwhile.
            previous: what was stored before the run.

        Returns:
            The receipt that is stored now.

        Raises:
            StoreFailed, StoreDenied: it is not stored.
        """
        key = receipt_key(receipt.id)
        if submitted_at is None:
            await self._store.put_document(key, receipt.to_stored_json())
            return receipt
        version = previous.version
        for _ in range(_MAX_WRITES):
            if await self._store.replace_document(key, receipt.to_stored_json(), version):
                return receipt
            document = await self._store.get_document(key)
            version = None if document is None else document.version
            theirs = None if document is None else _parse_matching(document, file, submitted_at)
            if theirs is not None:
                receipt = merge(receipt, theirs, file)
            if receipt is theirs:
                return receipt  # theirs has everything; or it is ours, and the response to the first write was lost
        raise StoreFailed(reason=f"{key} was replaced by other runs {_MAX_WRITES} times")


def _parse_matching(document: StoredDocument, file: File, submitted_at: datetime) -> Receipt | None:
    """Return the receipt in a document; None where it is no receipt, or one of other URLs or before `submitted_at`."""
    try:
        receipt = Receipt.model_validate_json(document.body)
    except ValueError:
        return None
    return receipt if matches(receipt, file, submitted_at) else None

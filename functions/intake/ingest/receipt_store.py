"""The receipts of Files: what stands before a run and after it, whoever else is at work on the same File."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from intake.model.errors import StoreFailed
from intake.model.file import File
from intake.model.object_keys import receipt_key
from intake.model.receipt import Kept, Receipt
from intake.model.receipt_merge import covers, joined, lasting
from intake.ingest.ports import Document, Store

_TURNS = 8
"""How often a receipt is written anew because another run was quicker; each time that other run has got on."""


@dataclass(frozen=True, slots=True)
class Before:
    """What stood in the place of the receipt when a run began.

    Attributes:
        receipt: of the same File, handed over at the same time or later; None where there is no such one.
        version: of whatever stands there; None where nothing does, or the store did not say.
    """

    receipt: Receipt | None = None
    version: str | None = None

    def lasting(self, file: File) -> list[Kept | None]:
        """What the run need not do, in the order of the images; None where it has to try."""
        return [None] * len(file.images) if self.receipt is None else lasting(self.receipt, file)


class Receipts:
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

    async def before(self, file: File, since: datetime, end: float) -> Before:
        """Return what another run of the File has left since then, if that can be had in time."""
        try:
            async with asyncio.timeout_at(end):
                document = await self._store.get_document(receipt_key(file.id))
            return Before() if document is None else Before(_earlier(document, file, since), document.version)
        except Exception:  # noqa: BLE001 - whatever it is, what cannot be taken over is done again
            return Before()

    async def keep(self, receipt: Receipt, file: File, since: datetime | None, before: Before) -> Receipt:
        """Store the receipt of a run.

        Args:
            receipt: what the run has come to.
            file: what was taken in.
            since: when it was handed over. None: the later receipt stands. Otherwise runs of the same File since then
                may be at work at the same moment: the receipt is written over what was there before only, and what
                another run has kept meanwhile is joined with it.
            before: what stood there before the run.

        Returns:
            The receipt that stands now.

        Raises:
            StoreFailed, StoreDenied: it is not stored.
        """
        key = receipt_key(receipt.id)
        if since is None:
            await self._store.put_document(key, receipt.to_stored_json())
            return receipt
        version = before.version
        for _ in range(_TURNS):
            if await self._store.replace_document(key, receipt.to_stored_json(), version):
                return receipt
            there = await self._store.get_document(key)
            version = None if there is None else there.version
            theirs = None if there is None else _earlier(there, file, since)
            if theirs is not None:
                receipt = joined(receipt, theirs, file)
            if receipt is theirs:
                return receipt  # it says it all; or it is our own, and the answer to the first attempt was lost
        raise StoreFailed(reason=f"{key} was written by others {_TURNS} times")


def _earlier(document: Document, file: File, since: datetime) -> Receipt | None:
    try:
        receipt = Receipt.model_validate_json(document.body)
        return receipt if covers(receipt, file, since) else None
    except ValueError:
        return None  # a problem document, or what nobody here has written

"""CoolDownStore: reads and writes the documents by which functions tell each other about cool-downs.

The documents only save requests. One that is missing, denied, slow or not valid means that no cool-down is known.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from intake.download.cool_down import CoolDown
from intake.download.cool_down_document import CoolDownDocument, encode_cool_down, parse_cool_down
from intake.ingest.ports import Store
from intake.model.error_codes import IntakeError, StoreFailed

_WAIT_SECONDS = 0.05
"""How long requests wait for a document. A read that takes longer still counts for later requests."""

_MAX_QUIET_READS = 8
"""Reads without a cool-down, one after another, after which requests no longer wait for the next read."""

_REQUEST_SECONDS = 2.0
_WRITE_SECONDS = 10.0
_MAX_WRITES = 3
"""The first write, and two more after conflicts or failures."""

_CANCEL_SECONDS = 0.1


class CoolDownStore:
    """The documents of all origins. Each is read and written by at most one task of this environment at a time."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        """Use the documents in a store.

        Args:
            store: the image bucket.
            now: the wall clock, in Unix seconds.
        """
        self._store = store
        self._now = now
        self._reads: dict[CoolDown, asyncio.Task[None]] = {}
        self._writes: dict[CoolDown, asyncio.Task[None]] = {}
        self._unshared: set[CoolDown] = set()

    async def wait_for_read(self, cool_down: CoolDown) -> None:
        """Read the document unless it is fresh, and wait a short time for it."""
        reading = self.start_read(cool_down)
        if reading is not None and cool_down.quiet_reads < _MAX_QUIET_READS:
            waited = self._now() - cool_down.read_at  # the same limit for all requests that wait for one read
            await asyncio.wait([reading], timeout=min(_WAIT_SECONDS, max(0.0, _WAIT_SECONDS - waited)))

    def start_read(self, cool_down: CoolDown) -> asyncio.Task[None] | None:
        """Return the task that reads the document; None if it is fresh, or if the store is not ready."""
        reading = self._reads.get(cool_down)
        if reading is None and not cool_down.is_fresh(self._now()) and self._store.is_ready:
            cool_down.read_at = self._now()
            reading = self._reads[cool_down] = asyncio.create_task(self._read(cool_down))
        return reading

    async def _read(self, cool_down: CoolDown) -> None:
        try:
            await self._fetch(cool_down)
        except Exception:  # noqa: BLE001, S110 - whatever failed: no cool-down is known
            pass
        finally:
            del self._reads[cool_down]
            cool_down.end_read(self._now())

    async def _fetch(self, cool_down: CoolDown) -> None:
        cool_down.version = None
        async with asyncio.timeout(_REQUEST_SECONDS):
            document = await self._store.get_document(cool_down.key, retry=False)
        if document is not None:
            found = parse_cool_down(document.body) or CoolDownDocument(0.0)
            cool_down.adopt(found.not_before, document.version, self._now())
            cool_down.never_answered_others = found.never_answered

    def share(self, cool_down: CoolDown) -> None:
        """Write the document in the background, if other functions have to know something new."""
        if cool_down.is_unshared(self._now()):
            self._start_write(cool_down)

    def _start_write(self, cool_down: CoolDown) -> asyncio.Task[None]:
        self._unshared.add(cool_down)
        if cool_down not in self._writes:
            self._writes[cool_down] = asyncio.create_task(self._write(cool_down))
        return self._writes[cool_down]

    async def _write(self, cool_down: CoolDown) -> None:
        try:
            async with asyncio.timeout(_WRITE_SECONDS):
                while cool_down.is_unshared(self._now()):
                    await self._replace(cool_down)
        except Exception:  # noqa: BLE001 - whatever failed: the other functions do not learn of this cool-down
            cool_down.document_time = cool_down.not_before
        finally:
            del self._writes[cool_down]
        self._unshared.discard(cool_down)  # unless the task was cancelled

    async def _replace(self, cool_down: CoolDown) -> None:
        not_before = cool_down.not_before
        for _ in range(_MAX_WRITES):
            body = encode_cool_down(not_before, never_answered=cool_down.has_never_answered)
            version = cool_down.version
            with suppress(StoreFailed):  # perhaps it was stored
                if await self._store.replace_document(cool_down.key, body, version, retry=False):
                    break
            with suppress(IntakeError):  # denied: it was deleted meanwhile
                await self._fetch(cool_down)
            if not cool_down.is_unshared(self._now()):
                return
        cool_down.document_time = not_before

    async def flush(self, seconds: float) -> None:
        """Wait until everything is written, and cancel what takes longer; a later call writes it.

        Lambda freezes the environment after the response, so that nothing may be left to write then.
        """
        writes = [self._start_write(cool_down) for cool_down in self._unshared]
        if not writes:
            return
        try:
            await asyncio.wait(writes, timeout=seconds)
        finally:
            await _cancel(writes)

    async def aclose(self) -> None:
        """Cancel every task."""
        await _cancel([*self._reads.values(), *self._writes.values()])


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    late = [task for task in tasks if task.cancel()]
    if late:
        await asyncio.wait(late, timeout=_CANCEL_SECONDS)

"""The worker process of `make run`: ingests groups of lines until the command has no more of them."""

import asyncio
import gc
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

from infra.command.signals import reset_signals_in_child
from infra.run.failure_reasons import FailureReasons, Reason
from infra.run.file_store import FileStore
from infra.run.group_pauses import GroupPauses
from infra.run.group_service import GroupService
from infra.run.interruptible_downloader import InterruptibleDownloader
from infra.run.origin_turns import OriginTurns
from infra.run.origin_waits import OriginWait, find_waits
from infra.run.spooled_list import Group
from intake import app
from intake.ingest.file_service import IngestService
from intake.model.error_codes import IntakeError
from intake.settings.config import Config

FINISH_SECONDS = 4.0
"""How long images that were requested may take after Ctrl-C. Then their receipts are written."""

MAX_GROUPS = 64
"""Groups that a process works on at once. A group ends with its slowest image: if two images of a hundred take two
seconds, a process that downloads 2,500 images a second has 50 groups at once."""

_WATCH_SECONDS = 1.0
_GC_THRESHOLD = 50_000
"""New objects before the garbage collector looks for cycles. With Python's default, 2,000, it used 4 % of the CPU."""


@dataclass(frozen=True, slots=True)
class Work:
    """What every worker process of a run needs to know.

    Attributes:
        config: the settings.
        folder: the folder that the images are stored in.
        run: the name of the run.
        receipts_since: receipts that were written since then are of this run, and taken over.
        lines: descriptor of the JSON lines of the list.
        fsync: whether each image is written to the disk before it counts as stored.
    """

    config: Config
    folder: Path
    run: str
    receipts_since: datetime
    lines: int
    fsync: bool


@dataclass(frozen=True, slots=True)
class GroupDone:
    """A message of a worker: a group is done, and its report is stored.

    Attributes:
        number: the position of the group in the list, from 0.
        rows: the number of its rows that are done: all, unless the command was stopped.
        images: the number of images by result: stored, reused, failed.
        reasons: why images failed, as far as no receipt says so: an example of each reason.
    """

    number: int
    rows: int
    images: Counter[str]
    reasons: list[Reason] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class GroupFailed:
    """A message of a worker: the results of a group could not be stored.

    Attributes:
        reason: why not.
    """

    reason: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message of a worker: images wait for their origins.

    Attributes:
        waits: the origins.
    """

    waits: tuple[OriginWait, ...]


class NextGroup:
    """A message of a worker: it asks for another group."""


class Stop:
    """A message to a worker: it ends as soon as what it has requested is done, and lets nothing begin."""


type Message = GroupDone | GroupFailed | Waiting | NextGroup


def run_worker(connection: Connection, work: Work) -> None:
    """Run a worker process, which is forked, until the connection has sent None, or has ended."""
    reset_signals_in_child()
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)
    asyncio.run(_Worker(connection, work).run())


class _Worker:
    def __init__(self, connection: Connection, work: Work) -> None:
        self._connection = connection
        self._lines = work.lines
        self._store = FileStore(work.folder, fsync=work.fsync)
        self._group_slots = asyncio.Semaphore(MAX_GROUPS)
        pauses = GroupPauses(self._group_slots, self._report_waits)
        self._reasons = FailureReasons(pauses)
        config = work.config
        self._downloader = app.downloader(config, self._store if config.known_images else None)
        self._interruptible = InterruptibleDownloader(self._downloader)
        self._pauses = pauses
        self._decoder_check = app.decoder_check(config, self._reasons)
        service = IngestService(
            self._interruptible,
            self._store,
            self._reasons,
            config.limits,
            os.fsencode(work.folder).decode(errors="backslashreplace"),  # receipts are UTF-8
            refresh=config.refresh,
            uses_known_documents=config.known_images,
            decoder=self._decoder_check,
        )
        self._groups = GroupService(
            service, self._store, work.run, work.receipts_since, config.limits.max_base_images, pauses
        )
        self._turns = OriginTurns(self._downloader)
        self._replies: asyncio.Queue[Group | None] = asyncio.Queue()

    async def run(self) -> None:
        """Ask for groups and ingest them, as many at once as keep all slots in use."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._connection.fileno(), self._receive)
        watch = loop.create_task(self._watch_waits())
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._group_slots.acquire()
                self._send(NextGroup())
                group = await self._replies.get()
                if group is None:
                    break
                lines = os.pread(self._lines, group.size, group.offset).splitlines()
                task = tasks.create_task(self._ingest(group, lines))
                task.add_done_callback(lambda _: self._group_slots.release())
                await self._turns.wait_for_images(lines)
        watch.cancel()
        await self._downloader.aclose()
        if self._decoder_check is not None:
            await self._decoder_check.aclose()

    async def _watch_waits(self) -> None:
        """Report the origins for which images wait that are in work; GroupPauses reports the others."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            self._report_waits(tuple(find_waits(self._interruptible.urls(), self._downloader.cool_downs)))

    def _report_waits(self, waits: Iterable[OriginWait]) -> None:
        if found := tuple(waits):
            self._send(Waiting(found))

    def _receive(self) -> None:
        try:
            message = self._connection.recv()
        except (EOFError, ConnectionError):  # the command was killed
            os._exit(1)
        if isinstance(message, Stop):
            self._stop()
        else:
            self._replies.put_nowait(message)

    def _stop(self) -> None:
        """Let images end that are requested already, and after a while none."""
        self._pauses.stop()
        self._interruptible.stop(requested_too=False)
        later = partial(self._interruptible.stop, requested_too=True)
        asyncio.get_running_loop().call_later(FINISH_SECONDS, later)

    async def _ingest(self, group: Group, lines: Sequence[bytes]) -> None:
        try:
            report = await self._groups.ingest(group.name, group.first_row, lines)
        except IntakeError as error:
            self._send(GroupFailed(error.reason or error.message))
        else:
            counts = report.counts
            self._send(GroupDone(group.number, counts.files, counts.images, self._reasons.pop()))

    def _send(self, message: Message) -> None:
        with suppress(ConnectionError):  # the command was killed; `_receive` sees it too
            self._connection.send(message)

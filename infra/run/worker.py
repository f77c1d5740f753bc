"""The worker process of `make run`: ingests groups of lines until the command has no more of them."""

import asyncio
import gc
import os
import signal
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from multiprocessing.connection import Connection
from pathlib import Path

from infra.command.signals import ENDING_SIGNALS
from infra.run.failure_reasons import FailureReasons
from infra.run.file_store import FileStore
from infra.run.group_pauses import GroupPauses
from infra.run.group_service import GroupService
from infra.run.spooled_list import Group
from intake import app
from intake.ingest.file_service import IngestService
from intake.model.error_codes import IntakeError
from intake.settings.config import Config

MAX_GROUPS = 64
"""Groups that a process works on at once. A group ends with its slowest image: if two images of a hundred take two
seconds, a process that downloads 2,500 images a second has 50 groups at once."""

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
        group: the group.
        counts: images stored, reused and failed; bytes.
        blocked: why URLs were blocked: an example of each reason.
    """

    group: Group
    counts: Counter[str]
    blocked: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class GroupFailed:
    """A message of a worker: the results of a group could not be stored.

    Attributes:
        group: the group.
        reason: why not.
    """

    group: Group
    reason: str


class NextGroup:
    """A message of a worker: it asks for another group."""


type Message = GroupDone | GroupFailed | NextGroup


def run_worker(connection: Connection, work: Work) -> None:
    """Run a worker process until the connection has sent None, or has ended.

    The process is forked: Ctrl-C in a terminal reaches it too, but only the command decides what ends. It starts with
    the signals of the command blocked, so that none of the command's handlers runs here.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)
    asyncio.run(_Worker(connection, work).run())


class _Worker:
    def __init__(self, connection: Connection, work: Work) -> None:
        self._connection = connection
        self._lines = work.lines
        self._store = FileStore(work.folder, fsync=work.fsync)
        self._group_slots = asyncio.Semaphore(MAX_GROUPS)
        pauses = GroupPauses(self._group_slots)
        self._reasons = FailureReasons(pauses)
        config = work.config
        self._downloader = app.downloader(config, self._store if config.known_images else None)
        service = IngestService(
            self._downloader,
            self._store,
            self._reasons,
            config.limits,
            os.fsencode(work.folder).decode(errors="backslashreplace"),  # receipts are UTF-8
            refresh=config.refresh,
            uses_known_documents=config.known_images,
        )
        self._groups = GroupService(
            service, self._store, work.run, work.receipts_since, config.limits.max_base_images, pauses
        )
        self._replies: asyncio.Queue[Group | None] = asyncio.Queue()

    async def run(self) -> None:
        """Ask for groups and ingest them, as many at once as keep all slots in use."""
        loop = asyncio.get_running_loop()
        loop.add_reader(self._connection.fileno(), self._receive)
        async with asyncio.TaskGroup() as tasks:
            while True:
                await self._group_slots.acquire()
                # Slots are given in order: when it is our turn, every image of the earlier groups has begun.
                async with self._downloader.slots:
                    pass
                self._send(NextGroup())
                group = await self._replies.get()
                if group is None:
                    break
                task = tasks.create_task(self._ingest(group))
                task.add_done_callback(lambda _: self._group_slots.release())
                await asyncio.sleep(0)
        await self._downloader.aclose()

    def _receive(self) -> None:
        try:
            self._replies.put_nowait(self._connection.recv())
        except (EOFError, ConnectionError):  # the command was killed
            os._exit(1)

    async def _ingest(self, group: Group) -> None:
        lines = os.pread(self._lines, group.size, group.offset).splitlines()
        try:
            counts = await self._groups.ingest(group.name, group.first_row, lines)
        except IntakeError as error:
            self._send(GroupFailed(group, error.reason or error.message))
        else:
            self._send(GroupDone(group, counts, self._reasons.pop_blocked()))

    def _send(self, message: Message) -> None:
        with suppress(ConnectionError):  # the command was killed; `_receive` sees it too
            self._connection.send(message)

"""Many Files: as many at work as there is room for, and none begun that could not end in time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from datetime import datetime

from intake.ingest.service import IngestService
from intake.model.file import File
from intake.model.limits import Limits
from intake.model.receipt import Receipt


async def ingest_all[T](
    intake: IngestService,
    files: AsyncIterable[tuple[T, File]],
    *,
    limits: Limits,
    seconds: float,
    submitted_at: datetime | None,
) -> AsyncGenerator[tuple[T, Receipt | None]]:
    """Take Files in as they come, and yield each one's receipt as soon as it is there.

    Args:
        intake: takes one in; its bounds hold for all of them together.
        files: each with a tag, by which the caller knows it again.
        limits: how many Files are at work at once: as many as images, since each has at least one.
        seconds: until the platform cuts us off.
        submitted_at: when the Files were handed over, see `IngestService.ingest`.

    Yields:
        The tag and the receipt, or None for a File that there was no time to begin.
    """
    now = asyncio.get_running_loop().time
    end = now() + seconds
    running: dict[asyncio.Task[Receipt], T] = {}
    try:
        async for tag, file in files:
            # Of one margin nothing is left for images; with two, a quick File ends well.
            if (left := end - now()) <= 2 * limits.deadline_margin:
                intake.skip(file)
                yield tag, None
                await asyncio.sleep(0)  # there may be thousands; those at work have their receipts to store
                continue
            running[asyncio.create_task(intake.ingest(file, left, submitted_at=submitted_at))] = tag
            if len(running) >= limits.max_in_flight:
                for task in await _some_done(running):
                    yield running.pop(task), task.result()
        while running:
            for task in await _some_done(running):
                yield running.pop(task), task.result()
    finally:
        for task in running:
            task.cancel()


async def _some_done[T](running: dict[asyncio.Task[Receipt], T]) -> set[asyncio.Task[Receipt]]:
    done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    return done

"""Ingests many Files concurrently, and skips each File that has too little time left."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable
from datetime import datetime

from intake.ingest.deadline import Deadline
from intake.ingest.file_service import IngestService
from intake.model.file import File
from intake.model.receipt import Receipt


async def ingest_all[Tag](
    service: IngestService,
    files: AsyncIterable[tuple[Tag, File, datetime | None]],
    *,
    max_concurrent: int,
    deadline: Deadline,
    is_fair: bool = False,
) -> AsyncGenerator[tuple[Tag, Receipt | None]]:
    """Ingest Files as they arrive, and yield each receipt as soon as it is complete.

    Args:
        service: ingests one File; its limits hold for all Files together.
        files: each with a tag that identifies it for the caller, and when it was submitted, see `IngestService.ingest`.
        max_concurrent: Files at once. MAX_IN_FLIGHT suffices, because each File has at least one image.
        deadline: the deadline of the invocation.
        is_fair: whether the Files share the limits on images fairly, so that slow images delay only their own
            File. Otherwise, images are downloaded in the order of the Files, and the first Files are complete first.

    Yields:
        The tag and the receipt. The receipt is None for a File that had no time left to start.
    """
    running: dict[asyncio.Task[Receipt], Tag] = {}
    try:
        async for tag, file, submitted_at in files:
            if not deadline.can_start_file():
                service.skip(file)
                yield tag, None
                await asyncio.sleep(0)  # thousands may be skipped: let running Files store their receipts
                continue
            work = service.ingest(file, deadline, submitted_at=submitted_at, share=file.id if is_fair else "")
            running[asyncio.create_task(work)] = tag
            if len(running) >= max_concurrent:
                for task in await _wait_for_any(running):
                    yield running.pop(task), task.result()
        while running:
            for task in await _wait_for_any(running):
                yield running.pop(task), task.result()
    finally:
        for task in running:
            task.cancel()


async def _wait_for_any[Tag](running: dict[asyncio.Task[Receipt], Tag]) -> set[asyncio.Task[Receipt]]:
    done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
    return done

"""InterruptibleDownloader: a downloader that can end early, so that what is done is recorded after Ctrl-C."""

import asyncio
from collections.abc import Iterator

from intake.ingest.deadline import Deadline
from intake.ingest.download_port import Condition, Download, Downloader, Unchanged
from intake.model.error_codes import DeadlineExceeded
from intake.model.outcome import FetchStats
from intake.model.url import Url


class InterruptibleDownloader(Downloader):
    """Implements the port `Downloader`. After `stop`, images fail as `deadline_exceeded`, which no report counts."""

    def __init__(self, downloader: Downloader) -> None:
        """Use a downloader."""
        self._downloader = downloader
        self._running: dict[asyncio.Task[object], tuple[Url, FetchStats]] = {}
        self._is_stopped = False

    def require_allowed(self, url: Url) -> None:
        """See `Downloader.require_allowed`."""
        self._downloader.require_allowed(url)

    def needs_credentials(self, url: Url) -> bool:
        """See `Downloader.needs_credentials`."""
        return self._downloader.needs_credentials(url)

    async def flush(self, seconds: float) -> None:
        """See `Downloader.flush`."""
        await self._downloader.flush(seconds)

    async def download(
        self,
        url: Url,
        stats: FetchStats,
        deadline: Deadline,
        condition: Condition | None = None,
        *,
        share: str = "",
    ) -> Download | Unchanged:
        """See `Downloader.download`."""
        task = asyncio.current_task()
        if self._is_stopped or task is None:
            raise DeadlineExceeded
        self._running[task] = url, stats
        try:
            return await self._downloader.download(url, stats, deadline, condition, share=share)
        except asyncio.CancelledError:
            if task in self._running:
                raise
            task.uncancel()  # `stop` has cancelled it
            raise DeadlineExceeded from None
        finally:
            self._running.pop(task, None)

    def urls(self) -> Iterator[Url]:
        """Yield the URLs of the downloads that have begun and have not ended."""
        return (url for url, _ in self._running.values())

    def stop(self, *, requested_too: bool) -> None:
        """End downloads, and begin no more.

        Args:
            requested_too: whether those end too that were requested already. Else they go on, unless they retry.
        """
        self._is_stopped = True
        for task, (_, stats) in list(self._running.items()):
            if requested_too or stats.attempts == 0:
                del self._running[task]
                task.cancel()

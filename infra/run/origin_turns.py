"""OriginTurns: says when the next group of a list has images that can begin, so that few groups are half done."""

import asyncio
import re
from collections.abc import Sequence

from intake.download.downloader import HttpDownloader
from intake.model.error_codes import IntakeError
from intake.model.url import Url

_MAX_ORIGINS = 4
"""The origins of a group that are waited for. One that is slow alone does not stop the list."""

_TURNS_OF_THE_LOOP = 20
"""After so many, the images of a group wait for their origins. They need about ten."""

_URL = re.compile(rb'"((?:https?|s3)://[^/"\?#]+)', re.IGNORECASE)


class OriginTurns:
    """Waits behind images. Slots of origins, and of the process, are given in the order of the requests for them."""

    def __init__(self, downloader: HttpDownloader) -> None:
        """Use the limits of a downloader."""
        self._origins = downloader.origins
        self._slots = downloader.slots

    async def wait_for_images(self, lines: Sequence[bytes]) -> None:
        """Wait until the images of a group, whose task was just created, have begun at one of their origins."""
        for _ in range(_TURNS_OF_THE_LOOP):
            await asyncio.sleep(0)
        turns = [asyncio.create_task(self._wait_for_origin(origin)) for origin in _find_origins(lines)]
        if turns:
            await asyncio.wait(turns, return_when=asyncio.FIRST_COMPLETED)
            for turn in turns:
                turn.cancel()
        await self._slots.acquire("")
        self._slots.release("")

    async def _wait_for_origin(self, origin: str) -> None:
        slot = await self._origins.acquire(origin)
        slot.release()


def _find_origins(lines: Sequence[bytes]) -> list[str]:
    """Return the last origins in a group, each once. Texts that are no URL are left out."""
    origins: dict[str, None] = {}
    for line in reversed(lines):
        for match in _URL.finditer(line):
            try:
                origins[Url.parse(f"{match[1].decode()}/-").origin] = None  # the URL of an object needs a key
            except (IntakeError, ValueError):
                continue
        if len(origins) >= _MAX_ORIGINS:
            break
    return list(origins)[:_MAX_ORIGINS]

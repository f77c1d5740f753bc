"""When the next group of a list is asked for."""

import asyncio
import json
from types import SimpleNamespace
from typing import Any, cast

import pytest
from infra.run import origin_turns
from infra.run.origin_turns import OriginTurns

from intake.download.fair_limit import FairLimit
from intake.download.origin_limiter import OriginLimiter


class Limits:
    """The limits of a downloader: one request to each origin, and two slots."""

    def __init__(self) -> None:
        self.origins = OriginLimiter(1)
        self.slots = FairLimit(2)
        self.turns = OriginTurns(cast("Any", SimpleNamespace(origins=self.origins, slots=self.slots)))

    async def starts(self, *hosts: str) -> bool:
        """Whether the next group may start soon after one with images of these hosts."""
        lines = [json.dumps({"urls": [f"https://{host}/1.jpg"]}).encode() for host in hosts]
        try:
            async with asyncio.timeout(0.05):
                await self.turns.wait_for_images(lines)
        except TimeoutError:
            return False
        return True


async def test_next_group_waits_until_the_images_of_the_only_origin_have_begun() -> None:
    limits = Limits()
    slot = await limits.origins.acquire("https://a.example")
    assert not await limits.starts("a.example", "a.example")
    slot.release()
    assert await limits.starts("a.example", "a.example")


async def test_next_group_does_not_wait_for_one_slow_origin_of_several() -> None:
    limits = Limits()
    await limits.origins.acquire("https://slow.example")
    assert await limits.starts("slow.example", "fast.example")


async def test_next_group_waits_for_a_slot() -> None:
    limits = Limits()
    for _ in range(2):
        await limits.slots.acquire("")
    assert not await limits.starts("a.example")


@pytest.mark.parametrize(
    ("expected", "line"),
    [
        ([], b'{"urls":["ftp://a.example/x", "text", "https://"]}'),
        ([], b'{"urls":["https://\xff/x", "https://user:password@a.example/x"]}'),
        (["https://a.example"], b'{"fileUrl":"HTTPS://A.example?x","baseUrls":[["https://a.example#f"]]}'),
        (["http://a.example:8080"], b'{"urls":[{"url":"http://a.example:8080/x"}]}'),
    ],
)
def test_origins_are_those_of_valid_urls(expected: list[str], line: bytes) -> None:
    assert origin_turns._find_origins([line]) == expected

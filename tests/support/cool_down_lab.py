"""The documents of cool-downs in one environment, over a store in memory and a clock that jumps."""

import asyncio

from intake.download.cool_down import CoolDown
from intake.download.cool_down_document import parse_cool_down
from intake.download.cool_down_store import CoolDownStore
from support.racing_store import RacingStore
from support.virtual_clock import VirtualClock

KEY = "origins/0.json"


class CoolDownLab:
    """One environment, its store, and an origin that it knows."""

    def __init__(self, clock: VirtualClock, document: bytes | None = None) -> None:
        self.clock = clock
        self.store = RacingStore()
        self.shared = CoolDownStore(self.store, clock.wall)
        self.cool_down = CoolDown(KEY)
        if document is not None:
            self.store.objects[KEY] = document

    @property
    def seconds_left(self) -> float:
        return self.cool_down.seconds_left(self.clock.wall())

    @property
    def seconds_written(self) -> float:
        """How long the cool-down in the document lasts."""
        return (parse_cool_down(self.store.objects[KEY]) or (0.0,))[0] - self.clock.wall()

    async def refresh(self, requests: int = 1) -> float:
        """Let some requests refresh at once; return the seconds until the last one goes on."""
        began = self.clock.passed
        await asyncio.gather(*(self.shared.wait_for_read(self.cool_down) for _ in range(requests)))
        return round(self.clock.passed - began, 6)

    def begin(self, seconds: float = 30.0) -> None:
        self.cool_down.extend(seconds, self.clock.wall())
        self.shared.share(self.cool_down)

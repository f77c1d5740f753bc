"""What tests of single modules share."""

import gc
from collections.abc import AsyncGenerator, Iterator

import pytest

from support.virtual_clock import VirtualClock, virtual_clock


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Keep Python's collector away: what is free then is so without it."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[VirtualClock]:
    """The clock of the test's event loop, which jumps over waits."""
    with virtual_clock(monkeypatch) as running:
        yield running

"""Fixtures of the tests of downloads."""

from collections.abc import AsyncGenerator

import pytest

from support.virtual_clock import VirtualClock, virtual_clock


@pytest.fixture
async def clock(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[VirtualClock]:
    """The clock of the test's event loop, which jumps over waits."""
    with virtual_clock(monkeypatch) as running:
        yield running

"""What tests of single modules share."""

import gc
import json
from collections.abc import AsyncGenerator, Callable, Iterator
from typing import Any

import pytest

from intake import telemetry
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


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[list[dict[str, Any]]]:
    """Return the list that collects log lines; at the end, no output may contain the secrets of the outcomes."""
    telemetry.logger.remove_keys(["request_id"])  # from a handler that another test called
    handler = telemetry.logger.registered_handler
    found: list[dict[str, Any]] = []

    class Stream:
        def write(self, text: str) -> None:
            assert text.endswith("}\n"), "Lambda makes each write an event"
            found.append(json.loads(text))

        def flush(self) -> None:
            """Do nothing: lines are not buffered."""

    monkeypatch.setattr(handler, "stream", Stream())
    telemetry.flush_metrics()  # of another test
    capsys.readouterr()
    yield found
    telemetry.flush_metrics()
    assert "secret" not in json.dumps(found) + capsys.readouterr().out


@pytest.fixture
def set_level() -> Iterator[Callable[[int], None]]:
    before = telemetry.logger.log_level
    yield telemetry.logger.setLevel
    telemetry.logger.setLevel(before)

"""The progress bar of `make run`: what it shows in a terminal, and what it prints into a log."""

import io
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from infra.run import progress_bar as module
from infra.run.origin_waits import OriginWait
from infra.run.progress_bar import ProgressBar, progress_bar


class Stream(io.StringIO):
    """A stderr that is a terminal, or not."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the bar, which a test may change."""
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    return now


@contextmanager
def bar_on(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> Iterator[ProgressBar]:
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_bar(100, 0) as bar:
        yield bar


def wait(host: str, seconds: float, reason: str = "answered 503") -> OriginWait:
    return OriginWait(host, seconds, reason)


def test_terminal_shows_the_longest_wait_until_it_ends(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    stream = Stream(is_terminal=True)
    with bar_on(stream, monkeypatch) as bar:
        bar.add(1, Counter(failed=3))
        bar.add_waits([wait("a.example", 20.0), wait("127.0.0.1:9", 10.0, "could not be reached")])
        bar.show_waits()
        assert bar._bar.postfix == "3 failed, waiting 20 s for a.example, which answered 503, and 1 more"
        clock[0] += 12.5
        bar.show_waits()
        assert bar._bar.postfix == "3 failed, waiting 8 s for a.example, which answered 503"
        clock[0] += 8
        bar.show_waits()
        assert bar._bar.postfix == "3 failed"
    assert "waiting 8 s for a.example" in stream.getvalue()


def test_log_has_one_line_for_each_origin(monkeypatch: pytest.MonkeyPatch, clock: list[float]) -> None:
    stream = Stream(is_terminal=False)
    with bar_on(stream, monkeypatch) as bar:
        for _ in range(3):
            bar.add_waits([wait("a.example", 19.2), wait("127.0.0.1:9", 30.0, "could not be reached")])
            bar.show_waits()
            clock[0] += 40.0
    waits = [line for line in stream.getvalue().splitlines() if "aiting" in line]
    assert waits == [
        "Waiting 20 s for a.example, which answered 503",
        "Waiting 30 s for 127.0.0.1:9, which could not be reached",
    ]


@pytest.mark.usefixtures("clock")
def test_log_names_the_first_origins_only(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream(is_terminal=False)
    with bar_on(stream, monkeypatch) as bar:
        bar.add_waits([wait(f"{number}.example", 20.0) for number in range(100)])
    assert stream.getvalue().count("Waiting") == module._MAX_LOGGED
    assert [line for line in stream.getvalue().splitlines() if line == "..."] == ["..."]


@pytest.mark.usefixtures("clock")
@pytest.mark.parametrize("is_terminal", [False, True])
def test_short_wait_is_not_shown(monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool) -> None:
    stream = Stream(is_terminal=is_terminal)
    with bar_on(stream, monkeypatch) as bar:
        bar.add_waits([wait("a.example", 0.9)])
        bar.show_waits()
    assert "aiting" not in stream.getvalue()

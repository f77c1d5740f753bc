"""Blocking lookups in threads: limits, timeouts, and lookups that outlive their loop."""

import asyncio
import threading
import time

import pytest

from intake.http_client.resolver_threads import ResolverThreads

_LONG = 30.0
"""Seconds that a blocked thread waits where a test fails to release it."""

_SHORT = 2.0
"""Seconds: far less than a stalled lookup, far more than a busy machine needs."""


def test_threads_drop_a_result_when_its_loop_is_closed() -> None:
    threads, release, is_next_run = ResolverThreads(1), threading.Event(), threading.Event()

    async def submit_and_leave() -> None:
        async with asyncio.timeout(0.01):
            await threads.submit(lambda: release.wait(_LONG))

    with pytest.raises(TimeoutError):
        asyncio.run(submit_and_leave())
    release.set()

    async def submit_next() -> None:
        await threads.submit(is_next_run.set)

    asyncio.run(submit_next())
    assert is_next_run.is_set()


async def test_threads_never_run_a_lookup_when_it_waited_for_longer_than_the_queue_timeout() -> None:
    """A burst of stalled names leaves no work behind that would delay the names after it."""
    threads, release, is_run = ResolverThreads(1, queue_timeout=0.05), threading.Event(), threading.Event()
    stalled = threads.submit(lambda: release.wait(_LONG))
    await asyncio.sleep(0)

    with pytest.raises(TimeoutError, match="no thread"):
        async with asyncio.timeout(_SHORT):
            await threads.submit(is_run.set)
    assert not stalled.done()
    release.set()

    assert await stalled
    assert await threads.submit(lambda: "next") == "next"
    assert not is_run.is_set()


async def test_queue_timeout_does_not_end_a_lookup_that_has_started() -> None:
    """All tasks that want a name share one lookup: a second one would wait for the same name server."""
    threads = ResolverThreads(1, queue_timeout=0.01)

    assert await threads.submit(lambda: time.sleep(0.1) or "late") == "late"  # type: ignore[func-returns-value]


async def test_threads_queue_lookups_when_the_system_allows_no_more_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    threads, release = ResolverThreads(), threading.Event()
    first = threads.submit(lambda: release.wait(_LONG))
    await asyncio.sleep(0)

    def refuse(_: threading.Thread) -> None:
        message = "can't start new thread"
        raise RuntimeError(message)

    monkeypatch.setattr(threading.Thread, "start", refuse)
    second = threads.submit(lambda: "second")
    await asyncio.sleep(0)
    release.set()

    assert (await first, await second) == (True, "second")


async def test_threads_are_as_many_as_lookups_at_the_same_time() -> None:
    threads = ResolverThreads(64)

    for _ in range(10):
        await threads.submit(threading.get_ident)

    assert threads._threads == 1


async def test_threads_report_the_exception_of_a_lookup() -> None:
    def fail() -> None:
        raise KeyError("name")

    with pytest.raises(KeyError, match="name"):
        await ResolverThreads().submit(fail)

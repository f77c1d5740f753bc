"""Permissions to open a connection, and idle connections in their place. Connections are mocks."""

import asyncio
from typing import Any
from unittest.mock import Mock

import pytest

from intake.http_client.connect_limiter import ConnectLimiter
from support.fake_transport import run_tasks


def start(limiter: ConnectLimiter[str], origin: str = "a") -> asyncio.Task[Any]:
    return asyncio.create_task(limiter.acquire(origin))


async def test_limiter_permits_the_next_task_when_one_releases() -> None:
    limiter = ConnectLimiter[str](2)
    tasks = [start(limiter) for _ in range(4)]
    await run_tasks()
    assert [task.done() for task in tasks] == [True, True, False, False]
    limiter.release("a")
    await run_tasks()
    assert [task.done() for task in tasks] == [True, True, True, False]
    assert [task.result() for task in tasks[:3]] == [None] * 3
    tasks[3].cancel()


async def test_limiter_gives_an_idle_connection_to_the_task_that_waits_longest() -> None:
    limiter = ConnectLimiter[str](1)
    _, first, second = (start(limiter) for _ in range(3))
    await run_tasks()
    idle = Mock()
    assert limiter.offer("a", idle)
    await run_tasks()
    assert (first.result(), second.done()) == (idle, False)
    second.cancel()


async def test_limiter_refuses_an_offer_when_no_task_waits() -> None:
    limiter = ConnectLimiter[str](2)
    await limiter.acquire("a")
    assert not limiter.offer("a", Mock())


async def test_limiter_counts_each_origin_on_its_own() -> None:
    limiter = ConnectLimiter[str](1)
    assert [await limiter.acquire("a"), await limiter.acquire("b")] == [None, None]
    waiting = start(limiter)
    await run_tasks()
    assert not limiter.offer("b", Mock())
    limiter.release("b")
    await run_tasks()
    assert not waiting.done()
    waiting.cancel()


async def test_limiter_permits_all_waiting_tasks_when_a_connection_failed() -> None:
    """Otherwise one task after another would find out what the first has found out."""
    limiter = ConnectLimiter[str](2)
    tasks = [start(limiter) for _ in range(6)]
    await run_tasks()
    limiter.release("a", failed=True)
    await run_tasks()
    assert all(task.done() for task in tasks)
    for _ in range(5):
        limiter.release("a", failed=True)
    assert not limiter._origins


@pytest.mark.parametrize("moment", ["before the grant", "after the grant"])
@pytest.mark.parametrize("grant", ["permission", "connection"])
async def test_limiter_passes_the_grant_of_a_cancelled_task_to_the_next(moment: str, grant: str) -> None:
    limiter = ConnectLimiter[str](1)
    _, first, second = (start(limiter) for _ in range(3))
    await run_tasks()
    granted = None if grant == "permission" else Mock()

    if moment == "before the grant":
        first.cancel()
    if granted is None:
        limiter.release("a")
    else:
        assert limiter.offer("a", granted)
    first.cancel()

    await run_tasks()
    assert (first.cancelled(), second.result()) == (True, granted)


async def test_limiter_closes_a_connection_when_its_only_taker_is_cancelled() -> None:
    limiter = ConnectLimiter[str](1)
    _, last = start(limiter), start(limiter)
    await run_tasks()
    limiter.offer("a", idle := Mock())
    last.cancel()
    await run_tasks()
    idle.close.assert_called_once_with()


async def test_limiter_keeps_no_state_of_an_origin_when_nothing_is_being_opened() -> None:
    limiter = ConnectLimiter[str](2)
    for number in range(100):
        await limiter.acquire(str(number))
        limiter.release(str(number))
    assert not limiter._origins

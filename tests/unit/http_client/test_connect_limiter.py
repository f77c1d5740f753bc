"""Who may open a connection, and who gets an idle one. Connections are mocks."""

import asyncio
from typing import Any
from unittest.mock import Mock

import pytest

from intake.http_client.connect_limiter import ConnectLimiter


def start(limiter: ConnectLimiter[str], origin: str = "a", *, must_be_new: bool = False) -> asyncio.Task[Any]:
    return asyncio.create_task(limiter.acquire(origin, must_be_new=must_be_new))


async def run_tasks() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


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


async def test_limiter_gives_no_idle_connection_to_a_task_that_needs_a_new_one() -> None:
    limiter = ConnectLimiter[str](1)
    _, first, second = start(limiter), start(limiter, must_be_new=True), start(limiter)
    await run_tasks()
    assert limiter.offer("a", idle := Mock())
    assert not limiter.offer("a", Mock())
    limiter.release("a")
    await run_tasks()
    assert (first.result(), second.result()) == (None, idle)


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
    assert not limiter._opening


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
    assert not limiter._opening


async def test_limiter_permits_as_many_connections_as_there_are_sockets() -> None:
    """Of all origins together, in the order of calls; each waiting task asks for an idle connection to be closed."""
    close_idle = Mock()
    limiter = ConnectLimiter[str](9, 2, close_idle)
    tasks = [start(limiter, origin) for origin in "abca"]
    await run_tasks()
    assert [task.done() for task in tasks] == [True, True, False, False]
    assert close_idle.call_count == 2
    limiter.release("a")
    limiter.release("b", failed=True)
    await run_tasks()
    assert not tasks[2].done()
    limiter.release_socket()
    await run_tasks()
    assert [task.done() for task in tasks] == [True, True, True, False]
    tasks[3].cancel()
    await run_tasks()
    assert limiter.waiting == 0


async def test_limiter_allows_extra_sockets_as_long_as_half_of_all_are_left_for_connections() -> None:
    limiter = ConnectLimiter[str](9, 4)
    assert [limiter.try_acquire_extra() for _ in range(3)] == [True, True, False]
    tasks = [start(limiter, origin) for origin in "abc"]
    await run_tasks()
    assert [task.done() for task in tasks] == [True, True, False]
    limiter.release_extra(2)
    await run_tasks()
    assert tasks[2].done()
    assert [limiter.try_acquire_extra() for _ in range(2)] == [True, False]


async def test_limiter_gives_the_socket_of_a_cancelled_task_to_the_next() -> None:
    limiter = ConnectLimiter[str](9, 1)
    _, first, second = (start(limiter, origin) for origin in "abc")
    await run_tasks()
    limiter.release_socket()
    first.cancel()
    await run_tasks()
    assert (first.cancelled(), second.done()) == (True, True)

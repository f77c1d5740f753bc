"""Who may open a connection, and who gets one that is free, with connections that are only names."""

import asyncio
from typing import Any
from unittest.mock import Mock

import pytest

from intake.http_client.connect_limiter import ConnectLimiter


def begin(dials: ConnectLimiter[str], origin: str = "a") -> asyncio.Task[Any]:
    return asyncio.create_task(dials.acquire(origin))


async def soon() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_so_many_may_dial_at_once_and_the_next_when_one_is_done() -> None:
    dials = ConnectLimiter[str](2)
    asked = [begin(dials) for _ in range(4)]
    await soon()
    assert [task.done() for task in asked] == [True, True, False, False]
    dials.release("a")
    await soon()
    assert [task.done() for task in asked] == [True, True, True, False]
    assert [task.result() for task in asked[:3]] == [None] * 3
    asked[3].cancel()


async def test_what_is_free_goes_to_whoever_waits_longest() -> None:
    dials = ConnectLimiter[str](1)
    _, first, second = (begin(dials) for _ in range(3))
    await soon()
    free = Mock()
    assert dials.offer("a", free)
    await soon()
    assert (first.result(), second.done()) == (free, False)
    second.cancel()


async def test_nobody_waits_where_there_is_leave_to_dial() -> None:
    dials = ConnectLimiter[str](2)
    await dials.acquire("a")
    assert not dials.offer("a", Mock())


async def test_origins_have_nothing_to_do_with_each_other() -> None:
    dials = ConnectLimiter[str](1)
    assert [await dials.acquire("a"), await dials.acquire("b")] == [None, None]
    waits = begin(dials)
    await soon()
    assert not dials.offer("b", Mock())
    dials.release("b")
    await soon()
    assert not waits.done()
    waits.cancel()


async def test_where_no_connection_is_to_be_had_everybody_may_try() -> None:
    """Else eight at once would find out, one after another, what the first have found out."""
    dials = ConnectLimiter[str](2)
    asked = [begin(dials) for _ in range(6)]
    await soon()
    dials.release("a", in_vain=True)
    await soon()
    assert all(task.done() for task in asked)
    for _ in range(5):
        dials.release("a", in_vain=True)
    assert not dials._lanes


@pytest.mark.parametrize("moment", ["while it waits", "when it was handed something"])
@pytest.mark.parametrize("what", ["leave", "a connection"])
async def test_what_was_for_somebody_who_was_cut_off_goes_to_the_next(moment: str, what: str) -> None:
    dials = ConnectLimiter[str](1)
    _, first, second = (begin(dials) for _ in range(3))
    await soon()
    free = None if what == "leave" else Mock()

    if moment == "while it waits":
        first.cancel()
    if free is None:
        dials.release("a")
    else:
        assert dials.offer("a", free)
    first.cancel()

    await soon()
    assert (first.cancelled(), second.result()) == (True, free)


async def test_a_connection_that_nobody_is_left_for_is_closed() -> None:
    dials = ConnectLimiter[str](1)
    _, last = begin(dials), begin(dials)
    await soon()
    dials.offer("a", free := Mock())
    last.cancel()
    await soon()
    free.close.assert_called_once_with()


async def test_nothing_is_remembered_of_an_origin_where_nobody_dials() -> None:
    dials = ConnectLimiter[str](2)
    for number in range(100):
        await dials.acquire(str(number))
        dials.release(str(number))
    assert not dials._lanes

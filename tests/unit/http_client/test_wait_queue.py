"""Waiting tasks are served in order, and cancellation loses nothing."""

import asyncio

import pytest

from intake.http_client.wait_queue import WaitQueue


async def started(queue: WaitQueue[str, int], request: str, returned: list[int]) -> asyncio.Task[int]:
    task = asyncio.create_task(queue.wait(request, returned.append))
    await asyncio.sleep(0)
    return task


async def test_queue_serves_tasks_in_the_order_of_their_requests() -> None:
    queue = WaitQueue[str, int]()
    first, second = await started(queue, "a", []), await started(queue, "b", [])

    assert queue.offer(1)
    assert queue.offer(2)
    assert [await first, await second] == [1, 2]


async def test_offer_returns_false_when_no_task_waits() -> None:
    queue = WaitQueue[str, int]()

    assert not queue
    assert not queue.offer(1)


async def test_queue_skips_a_task_when_it_was_cancelled_before_the_grant() -> None:
    queue, returned = WaitQueue[str, int](), list[int]()
    first, second = await started(queue, "a", returned), await started(queue, "b", returned)
    first.cancel()
    await asyncio.sleep(0)

    assert queue.offer(1)
    assert await second == 1
    assert returned == []


async def test_queue_gives_a_grant_back_when_the_task_is_cancelled_before_it_runs() -> None:
    queue, returned = WaitQueue[str, int](), list[int]()
    task = await started(queue, "a", returned)
    queue.offer(7)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task
    assert returned == [7]


async def test_iteration_yields_the_tasks_that_still_wait() -> None:
    queue = WaitQueue[str, int]()
    tasks = [await started(queue, name, []) for name in "abc"]
    tasks[0].cancel()
    await asyncio.sleep(0)

    assert [waiter.request for waiter in queue] == ["b", "c"]
    for waiter in queue:
        waiter.grant(len(waiter.request))
    assert not queue
    assert [await tasks[1], await tasks[2]] == [1, 1]

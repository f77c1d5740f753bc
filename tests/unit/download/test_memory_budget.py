"""Memory is granted in the order of the requests, and never lost."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from intake.download.fair_limit import FairLimit
from intake.download.memory_and_slot import MemoryAndSlot
from intake.download.memory_budget import MemoryBudget


async def _let_tasks_run() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_free_memory_is_granted_at_once() -> None:
    budget = MemoryBudget(10)

    async with asyncio.timeout(0):
        await budget.acquire(4, "a")
        await budget.acquire(6, "b")

    assert budget.free == 0


async def test_memory_is_granted_in_the_order_of_the_requests() -> None:
    """A small body that fits must not overtake a large one, which would starve."""
    budget, order = MemoryBudget(10), []
    await budget.acquire(8, "a")

    async def ask(size: int) -> None:
        await budget.acquire(size, str(size))
        order.append(size)

    tasks = [asyncio.create_task(ask(size)) for size in (9, 1, 2)]
    await _let_tasks_run()
    assert order == []

    budget.release(8, "a")
    await _let_tasks_run()
    assert order == [9, 1]

    budget.release(9, "9")
    await asyncio.gather(*tasks)
    assert order == [9, 1, 2]


async def test_cancelled_request_lets_the_next_one_proceed() -> None:
    budget = MemoryBudget(10)
    await budget.acquire(8, "a")
    large = asyncio.create_task(budget.acquire(9, "b"))
    small = asyncio.create_task(budget.acquire(2, "c"))
    await _let_tasks_run()

    large.cancel()
    async with asyncio.timeout(1):
        await small

    assert large.cancelled()
    assert budget.free == 0


async def test_request_cancelled_after_its_grant_returns_the_memory() -> None:
    """It is cancelled before it runs again."""
    budget = MemoryBudget(10)
    await budget.acquire(10, "a")
    waiting = asyncio.create_task(budget.acquire(5, "b"))
    next_one = asyncio.create_task(budget.acquire(6, "c"))
    await _let_tasks_run()

    budget.release(10, "a")
    waiting.cancel()
    async with asyncio.timeout(1):
        await next_one

    assert waiting.cancelled()
    assert budget.free == 4


async def test_memory_skips_a_request_that_was_just_cancelled() -> None:
    """It has not run since its cancellation."""
    budget = MemoryBudget(10)
    await budget.acquire(10, "a")
    gone = asyncio.create_task(budget.acquire(5, "b"))
    next_one = asyncio.create_task(budget.acquire(6, "c"))
    await _let_tasks_run()

    gone.cancel()
    budget.release(10, "a")
    async with asyncio.timeout(1):
        await next_one

    assert gone.cancelled()
    assert budget.free == 4


async def test_host_gets_at_most_half_and_other_hosts_do_not_wait_for_it() -> None:
    """Bodies that never end fill the share of their host, not the budget."""
    budget = MemoryBudget(100)
    greedy = [asyncio.create_task(budget.acquire(20, "greedy")) for _ in range(9)]
    await _let_tasks_run()
    assert [task.done() for task in greedy].count(True) == 2

    async with asyncio.timeout(0):
        for host in ("a", "b", "c"):
            await budget.acquire(20, host)
    assert budget.free == 0

    for _ in range(7):
        budget.release(20, "greedy")
        await _let_tasks_run()
    await asyncio.gather(*greedy)


async def test_body_larger_than_the_share_is_granted_alone() -> None:
    budget = MemoryBudget(100)
    await budget.acquire(90, "a")
    small = asyncio.create_task(budget.acquire(1, "a"))
    await _let_tasks_run()
    assert not small.done()
    async with asyncio.timeout(0):
        await budget.acquire(10, "b")

    budget.release(90, "a")
    await small


async def test_requests_of_one_host_keep_their_order() -> None:
    """A small body fits the share, but must not overtake the large one before it."""
    budget = MemoryBudget(100)
    await budget.acquire(40, "a")
    large = asyncio.create_task(budget.acquire(30, "a"))
    small = asyncio.create_task(budget.acquire(5, "a"))
    await _let_tasks_run()
    assert not large.done()
    assert not small.done()

    budget.release(40, "a")
    await asyncio.gather(large, small)
    assert budget.free == 65


async def test_budget_keeps_no_entry_of_a_host_that_holds_nothing() -> None:
    """Callers name the hosts, so the memory for them is bounded."""
    budget = MemoryBudget(100)
    for number in range(100):
        held = MemoryAndSlot(budget, FairLimit(1))
        await held.reserve(number % 3, f"{number}.example")
        held.release()

    assert budget._held_by_host == {}


async def _reserve(budget: MemoryBudget, size: int, host: str) -> MemoryAndSlot:
    held = MemoryAndSlot(budget, FairLimit(1))
    await held.reserve(size, host)
    return held


def _release_all(tasks: list[asyncio.Task[MemoryAndSlot]]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result().release()


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.sampled_from("aab"), st.sampled_from(["stay", "release", "cancel"])),
        max_size=30,
    )
)
def test_no_order_of_events_loses_memory(steps: list[tuple[int, str, str]]) -> None:
    """No host gets more than its share, except for one large body, and every request ends."""

    async def run() -> None:
        budget = MemoryBudget(10)
        tasks: list[asyncio.Task[MemoryAndSlot]] = []
        for size, host, then in steps:
            tasks.append(asyncio.create_task(_reserve(budget, size, host)))
            await asyncio.sleep(0)
            assert budget.free in range(11)
            held = [task.result() for task in tasks if task.done() and not task.cancelled() and task.result()._bytes]
            for name in "ab":
                sizes = [one._bytes for one in held if one._host == name]
                assert sum(sizes) <= 5 or len(sizes) == 1
            if then == "release":
                _release_all(tasks[:2])
            elif then == "cancel":
                tasks[-1].cancel()
                _release_all(tasks[:1])  # before the cancelled one has run
        async with asyncio.timeout(10):
            while not all(task.done() for task in tasks):
                _release_all(tasks)
                await asyncio.sleep(0)
        _release_all(tasks)
        assert budget.free == 10
        assert budget._held_by_host == {}

    asyncio.run(run())

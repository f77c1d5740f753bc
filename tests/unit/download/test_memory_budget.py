"""Room is waited for in the order of asking, and never lost."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from intake.download.memory_budget import MemoryBudget, Reservation


async def _settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_room_that_is_there_is_given_at_once() -> None:
    budget = MemoryBudget(10)

    async with asyncio.timeout(0):
        await budget.acquire(4, "a")
        await budget.acquire(6, "b")

    assert budget._free == 0


async def test_room_is_given_in_the_order_of_asking() -> None:
    """A small body that would fit does not overtake a large one, which would starve."""
    budget, order = MemoryBudget(10), []
    await budget.acquire(8, "a")

    async def ask(size: int) -> None:
        await budget.acquire(size, str(size))
        order.append(size)

    tasks = [asyncio.create_task(ask(size)) for size in (9, 1, 2)]
    await _settle()
    assert order == []

    budget.release(8, "a")
    await _settle()
    assert order == [9, 1]

    budget.release(9, "9")
    await asyncio.gather(*tasks)
    assert order == [9, 1, 2]


async def test_who_gives_up_waiting_lets_the_next_one_in() -> None:
    budget = MemoryBudget(10)
    await budget.acquire(8, "a")
    large = asyncio.create_task(budget.acquire(9, "b"))
    small = asyncio.create_task(budget.acquire(2, "c"))
    await _settle()

    large.cancel()
    async with asyncio.timeout(1):
        await small

    assert large.cancelled()
    assert budget._free == 0


async def test_who_is_cut_off_at_its_turn_gives_its_room_back() -> None:
    """Given room and cancelled before it could run again: the room belongs to nobody."""
    budget = MemoryBudget(10)
    await budget.acquire(10, "a")
    waiting = asyncio.create_task(budget.acquire(5, "b"))
    next_one = asyncio.create_task(budget.acquire(6, "c"))
    await _settle()

    budget.release(10, "a")
    waiting.cancel()
    async with asyncio.timeout(1):
        await next_one

    assert waiting.cancelled()
    assert budget._free == 4


async def test_room_that_comes_when_one_has_just_given_up_goes_to_the_next() -> None:
    """Cancelled, and not told of it yet."""
    budget = MemoryBudget(10)
    await budget.acquire(10, "a")
    gone = asyncio.create_task(budget.acquire(5, "b"))
    next_one = asyncio.create_task(budget.acquire(6, "c"))
    await _settle()

    gone.cancel()
    budget.release(10, "a")
    async with asyncio.timeout(1):
        await next_one

    assert gone.cancelled()
    assert budget._free == 4


async def test_no_owner_gets_more_than_half_and_the_others_do_not_wait_for_it() -> None:
    """Bodies that never end fill the share of their origin, not the room of all."""
    budget = MemoryBudget(100)
    greedy = [asyncio.create_task(budget.acquire(20, "greedy")) for _ in range(9)]
    await _settle()
    assert [task.done() for task in greedy].count(True) == 2

    async with asyncio.timeout(0):
        for owner in ("a", "b", "c"):
            await budget.acquire(20, owner)
    assert budget._free == 0

    for _ in range(7):
        budget.release(20, "greedy")
        await _settle()
    await asyncio.gather(*greedy)


async def test_a_body_larger_than_a_share_fits_and_its_owner_has_no_other_beside_it() -> None:
    budget = MemoryBudget(100)
    await budget.acquire(90, "a")
    small = asyncio.create_task(budget.acquire(1, "a"))
    await _settle()
    assert not small.done()
    async with asyncio.timeout(0):
        await budget.acquire(10, "b")

    budget.release(90, "a")
    await small


async def test_within_an_owner_too_nobody_is_overtaken() -> None:
    """A small body would fit into the share; the large one before it would starve."""
    budget = MemoryBudget(100)
    await budget.acquire(40, "a")
    large = asyncio.create_task(budget.acquire(30, "a"))
    small = asyncio.create_task(budget.acquire(5, "a"))
    await _settle()
    assert not large.done()
    assert not small.done()

    budget.release(40, "a")
    await asyncio.gather(large, small)
    assert budget._free == 65


async def test_what_an_owner_held_is_forgotten() -> None:
    """Strangers name the hosts: what is known of them is bounded."""
    budget = MemoryBudget(100)
    for number in range(100):
        reservation = Reservation(budget)
        await reservation.reserve(number % 3, f"{number}.example")
        reservation.release()

    assert budget._held == {}


async def _ask_for_room(budget: MemoryBudget, size: int, owner: str) -> Reservation:
    reservation = Reservation(budget)
    await reservation.reserve(size, owner)
    return reservation


def _release_all(tasks: list[asyncio.Task[Reservation]]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled():
            task.result().release()


@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.sampled_from("aab"), st.sampled_from(["stay", "release", "cancel"])),
        max_size=30,
    )
)
def test_no_order_of_events_loses_room(steps: list[tuple[int, str, str]]) -> None:
    """Nor lets an owner have more than its share, but for one body alone; nor ends in everybody waiting."""

    async def run() -> None:
        budget = MemoryBudget(10)
        tasks: list[asyncio.Task[Reservation]] = []
        for size, owner, then in steps:
            tasks.append(asyncio.create_task(_ask_for_room(budget, size, owner)))
            await asyncio.sleep(0)
            assert budget._free in range(11)
            held = [task.result() for task in tasks if task.done() and not task.cancelled() and task.result()._held]
            for name in "ab":
                sizes = [reservation._held for reservation in held if reservation._owner == name]
                assert sum(sizes) <= 5 or len(sizes) == 1
            if then == "release":
                _release_all(tasks[:2])
            elif then == "cancel":
                tasks[-1].cancel()
                _release_all(tasks[:1])  # before the one that was cancelled has run
        async with asyncio.timeout(10):
            while not all(task.done() for task in tasks):
                _release_all(tasks)
                await asyncio.sleep(0)
        _release_all(tasks)
        assert budget._free == 10
        assert budget._held == {}

    asyncio.run(run())


async def test_a_reservation_takes_no_more_than_there_is_and_gives_back_no_more_than_it_holds() -> None:
    """A body larger than all room waits to be alone."""
    budget = MemoryBudget(10)
    reservation = Reservation(budget)
    free = []

    await reservation.reserve(1000, "a")
    for size in (900, 4, 6, 0, 0):
        free.append(budget._free)
        reservation.shrink(size)

    assert [*free, budget._free] == [0, 0, 6, 6, 10, 10]

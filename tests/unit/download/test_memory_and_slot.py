"""What one image holds is returned once, whatever happens."""

import asyncio

from intake.download.fair_limit import FairLimit
from intake.download.memory_and_slot import MemoryAndSlot
from intake.download.memory_budget import MemoryBudget


async def test_image_holds_one_slot_however_often_it_is_acquired() -> None:
    slots = FairLimit(1)
    held = MemoryAndSlot(MemoryBudget(1), slots)

    await held.acquire_slot()
    await held.acquire_slot()
    assert slots.active == 1

    held.release_slot()
    held.release_slot()
    assert slots.active == 0


async def test_cancelled_wait_for_a_slot_returns_no_slot() -> None:
    slots = FairLimit(1)
    await slots.acquire("")
    held = MemoryAndSlot(MemoryBudget(1), slots)
    waiting = asyncio.create_task(held.acquire_slot())
    await asyncio.sleep(0)

    waiting.cancel()
    await asyncio.wait([waiting])
    held.release()

    assert slots.active == 1


async def test_image_reserves_at_most_the_whole_budget_and_returns_only_what_it_holds() -> None:
    budget = MemoryBudget(10)
    held = MemoryAndSlot(budget, FairLimit(1))
    free = []

    await held.reserve(1000, "a.example")
    for size in (900, 4, 6, 0, 0):
        free.append(budget.free)
        held.shrink(size)

    assert [*free, budget.free] == [0, 0, 6, 6, 10, 10]

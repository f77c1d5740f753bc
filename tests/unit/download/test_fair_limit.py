"""FairLimit: who gets a free slot."""

import asyncio

import pytest

from intake.download.fair_limit import FairLimit


class Lab:
    """A limit, and tasks that hold their slots until they are told to end."""

    def __init__(self, limit: float) -> None:
        self.limit = FairLimit(limit)
        self.started: list[str] = []
        self.ends: list[asyncio.Event] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def _run(self, share: str, end: asyncio.Event) -> None:
        await self.limit.acquire(share)
        self.started.append(share)
        self.ends.append(end)
        await end.wait()
        self.limit.release(share)

    async def start(self, *shares: str) -> None:
        self.tasks += [asyncio.create_task(self._run(share, asyncio.Event())) for share in shares]
        await self.let_tasks_run()

    async def let_tasks_run(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)


async def test_slots_are_given_in_order_within_a_share() -> None:
    lab = Lab(2)
    await lab.start("a", "a", "a", "a")
    assert (lab.started, lab.limit.active) == (["a", "a"], 2)
    for _ in range(4):
        lab.ends.pop(0).set()
        await lab.let_tasks_run()
    assert (lab.started, lab.limit.active) == (["a"] * 4, 0)


async def test_free_slot_goes_to_the_share_that_holds_the_fewest() -> None:
    """One share hangs with all slots, and has hundreds of tasks before those of another."""
    lab = Lab(3)
    await lab.start(*["hangs"] * 300, *["good"] * 4)
    assert lab.started == ["hangs"] * 3
    lab.ends[0].set()
    await lab.let_tasks_run()
    for number in range(3, 6):  # each good task passes its slot to the next one
        assert lab.started == ["hangs"] * 3 + ["good"] * (number - 2)
        lab.ends[number].set()
        await lab.let_tasks_run()
    lab.ends[6].set()
    await lab.let_tasks_run()
    assert lab.started == ["hangs"] * 3 + ["good"] * 4 + ["hangs"]
    for task in lab.tasks:
        task.cancel()


async def test_shares_that_hold_as_many_take_turns_in_the_order_of_their_requests() -> None:
    lab = Lab(3)
    await lab.start("a", "a", "a", "d", "e", "d", "a")
    for end in range(3):
        lab.ends[end].set()
        await lab.let_tasks_run()
    assert lab.started == ["a", "a", "a", "d", "e", "a"]


@pytest.mark.parametrize(
    ("order", "limit", "requests"),
    [("aabcabcbc", 1, "aaabbbccc"), ("aababbb", 1, "aaabbbb"), ("aabcdbcd", 2, "aabbccdd")],
)
async def test_every_share_has_its_turn_when_there_are_more_shares_than_slots(
    order: str, limit: int, requests: str
) -> None:
    lab = Lab(limit)
    await lab.start(*requests)
    for end in range(len(requests)):
        lab.ends[end].set()
        await lab.let_tasks_run()
    assert lab.started == list(order)


@pytest.mark.parametrize("is_granted", [False, True])
async def test_cancelled_task_leaves_its_slot_to_the_next(is_granted: bool) -> None:  # noqa: FBT001 - a case
    """Before its slot is granted, or after that and before it runs again."""
    lab = Lab(1)
    await lab.start("a", "b", "c")
    if is_granted:
        lab.limit.release("a")
    lab.tasks[1].cancel()
    await lab.let_tasks_run()
    if not is_granted:
        lab.limit.release("a")
        await lab.let_tasks_run()
    assert (lab.started, lab.limit.active) == (["a", "c"], 1)
    lab.limit.release("c")
    assert (lab.limit.active, lab.limit._held, lab.limit._waiting) == (0, {}, {})  # shares are names from callers


async def test_lower_limit_starts_no_task_until_enough_have_ended() -> None:
    lab = Lab(3)
    await lab.start("a", "a", "a", "b")
    lab.limit.limit = 1.9
    for end in range(2):
        lab.ends[end].set()
        await lab.let_tasks_run()
    assert lab.started == ["a"] * 3
    lab.ends[2].set()
    await lab.let_tasks_run()
    assert lab.started == ["a"] * 3 + ["b"]

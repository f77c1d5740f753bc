"""Groups that wait for origins: how long their Files have to wait, and the slots that they release."""

import asyncio

import pytest
from infra.run import group_pauses
from infra.run.group_pauses import GroupPauses, longest
from infra.run.origin_waits import OriginWait


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_pauses, "_JITTER_SECONDS", 0.0)


def wait(seconds: float, host: str = "a.example") -> OriginWait:
    return OriginWait(host, seconds, "answered 503")


async def test_pauses_keep_the_longest_wait_of_a_file_for_each_origin_until_it_is_popped() -> None:
    pauses = GroupPauses(asyncio.Semaphore(1))
    for seconds in (3.0, 9.0, 5.0):
        pauses.add("a", wait(seconds))
    pauses.add("a", wait(1.0, "b.example"))
    pauses.add("b", wait(1.0))

    assert {name: list(waits) for name, waits in pauses.pop(["a", "c"]).items()} == {
        "a": [wait(9.0), wait(1.0, "b.example")]
    }
    assert {name: longest(waits) for name, waits in pauses.pop(["a", "b"]).items()} == {"b": 1.0}


async def test_waiting_group_says_what_it_waits_for_if_it_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[object] = []
    pauses = GroupPauses(asyncio.Semaphore(1), reported.append)

    assert await pauses.wait([wait(0.0)])
    monkeypatch.setattr(group_pauses, "_MAX_WAITING", 0)
    assert not await pauses.wait([wait(60.0)])

    assert reported == [[wait(0.0)]]


async def test_waiting_group_releases_its_slot_for_another_one() -> None:
    slots = asyncio.Semaphore(1)
    pauses = GroupPauses(slots)
    await slots.acquire()

    waiting = asyncio.create_task(pauses.wait([wait(0.0)]))
    await slots.acquire()  # the other group
    await asyncio.sleep(0.01)
    is_done_while_the_slot_is_taken = waiting.done()
    slots.release()

    assert not is_done_while_the_slot_is_taken
    assert await waiting
    assert slots.locked()


async def test_group_does_not_wait_if_too_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_pauses, "_MAX_WAITING", 1)
    slots = asyncio.Semaphore(0)
    pauses = GroupPauses(slots)
    waiting = asyncio.create_task(pauses.wait([wait(60.0)]))
    await asyncio.sleep(0)

    assert not await pauses.wait([wait(60.0)])

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

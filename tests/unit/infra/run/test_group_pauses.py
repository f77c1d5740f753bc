"""Groups that wait for origins: what is noted of their Files, and the places that they give away."""

import asyncio

import pytest
from infra.run import group_pauses
from infra.run.group_pauses import GroupPauses


@pytest.fixture(autouse=True)
def no_jitter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_pauses, "_JITTER_SECONDS", 0.0)


async def test_pauses_keep_the_longest_wait_of_a_file_until_it_is_taken() -> None:
    pauses = GroupPauses(asyncio.Semaphore(1))
    for seconds in (3.0, 9.0, 5.0):
        pauses.note("a", seconds)
    pauses.note("b", 1.0)

    assert pauses.take(["a", "c"]) == {"a": 9.0}
    assert pauses.take(["a", "b"]) == {"b": 1.0}


async def test_waiting_group_gives_its_place_to_another_one() -> None:
    places = asyncio.Semaphore(1)
    pauses = GroupPauses(places)
    await places.acquire()

    waiting = asyncio.create_task(pauses.wait(0.0))
    await places.acquire()  # the other group
    await asyncio.sleep(0.01)
    is_done_while_the_place_is_taken = waiting.done()
    places.release()

    assert not is_done_while_the_place_is_taken
    assert await waiting
    assert places.locked()


async def test_group_does_not_wait_if_too_many_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_pauses, "_MAX_WAITING", 1)
    places = asyncio.Semaphore(0)
    pauses = GroupPauses(places)
    waiting = asyncio.create_task(pauses.wait(60.0))
    await asyncio.sleep(0)

    assert not await pauses.wait(60.0)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

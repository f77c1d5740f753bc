"""What a thread makes: asked for once, waited for by all, made again where it failed."""

import asyncio
import gc
import threading

import pytest

from intake.s3.background_value import BackgroundValue


async def test_it_is_made_once_while_the_loop_goes_on() -> None:
    may_end, made = threading.Event(), []

    def make() -> str:
        may_end.wait(5)
        made.append(threading.current_thread())
        return "made"

    later = BackgroundValue(make)
    waiting = [asyncio.create_task(later.get()) for _ in range(3)]
    await asyncio.sleep(0)  # the loop is not held
    assert made == []
    may_end.set()
    assert await asyncio.gather(*waiting) == ["made"] * 3
    assert await later.get() == "made"
    assert len(made) == 1
    assert threading.main_thread() not in made


async def test_who_is_cut_off_while_waiting_takes_it_from_nobody() -> None:
    may_end = threading.Event()
    busy, later = (
        BackgroundValue(lambda: may_end.wait(5)),
        BackgroundValue(lambda: "made"),
    )  # which the one thread has not begun
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(later.get(), 0.01)
    may_end.set()
    assert (await busy.get(), await later.get()) == (True, "made")


async def test_what_could_not_be_made_is_made_again_when_it_is_asked_for_again() -> None:
    made, both_wait = [], threading.Event()

    def make() -> str:
        made.append(1)
        if len(made) == 1:
            both_wait.wait(5)
            raise LookupError("no credentials yet")
        return "made"

    later = BackgroundValue(make)
    waiting = [asyncio.create_task(later.get()) for _ in range(2)]
    await asyncio.sleep(0)
    both_wait.set()
    told = await asyncio.gather(*waiting, return_exceptions=True)
    assert [LookupError, LookupError] == [type(error) for error in told]
    assert await later.get() == "made"
    assert len(made) == 2


async def test_the_collector_waits_while_it_is_made_and_leaves_it_alone_afterwards() -> None:
    frozen = gc.get_freeze_count()
    assert await BackgroundValue(gc.isenabled).get() is False
    assert gc.isenabled()
    assert gc.get_freeze_count() > frozen

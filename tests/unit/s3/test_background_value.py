"""`BackgroundValue`: made once in a thread, shared by all callers, made again after a failure."""

import asyncio
import gc
import threading

import pytest

from intake.s3.background_value import BackgroundValue


async def test_value_is_made_once_in_a_thread_while_the_loop_runs() -> None:
    may_end, made = threading.Event(), []

    def make() -> str:
        may_end.wait(5)
        made.append(threading.current_thread())
        return "made"

    value = BackgroundValue(make)
    waiting = [asyncio.create_task(value.get()) for _ in range(3)]
    await asyncio.sleep(0)  # the loop is not blocked
    assert made == []
    may_end.set()
    assert await asyncio.gather(*waiting) == ["made"] * 3
    assert await value.get() == "made"
    assert len(made) == 1
    assert threading.main_thread() not in made


async def test_cancelled_caller_does_not_cancel_the_value_for_others() -> None:
    may_end = threading.Event()
    busy = BackgroundValue(lambda: may_end.wait(5))
    value = BackgroundValue(lambda: "made")  # waits for the one thread
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(value.get(), 0.01)
    may_end.set()
    assert (await busy.get(), await value.get()) == (True, "made")


async def test_value_is_made_again_after_a_failure() -> None:
    made, both_wait = [], threading.Event()

    def make() -> str:
        made.append(1)
        if len(made) == 1:
            both_wait.wait(5)
            raise LookupError("no credentials yet")
        return "made"

    value = BackgroundValue(make)
    waiting = [asyncio.create_task(value.get()) for _ in range(2)]
    await asyncio.sleep(0)
    both_wait.set()
    errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert [LookupError, LookupError] == [type(error) for error in errors]
    assert await value.get() == "made"
    assert len(made) == 2


async def test_garbage_collection_is_paused_while_the_value_is_made() -> None:
    frozen = gc.get_freeze_count()
    assert await BackgroundValue(gc.isenabled).get() is False
    assert gc.isenabled()
    assert gc.get_freeze_count() > frozen

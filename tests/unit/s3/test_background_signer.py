"""`BackgroundSigner`: created once in a thread, shared by all callers, created again after a failure."""

import asyncio
import gc
import threading
from collections.abc import Callable
from typing import Any

import pytest

from intake.s3.background_signer import BackgroundSigner


def in_background(make: Callable[[], Any]) -> Any:
    """Return a `BackgroundSigner` of what a test uses as a signer."""
    return BackgroundSigner(make)


async def test_signer_is_created_once_in_a_thread_while_the_loop_runs() -> None:
    may_end, made = threading.Event(), []

    def make() -> str:
        may_end.wait(5)
        made.append(threading.current_thread())
        return "made"

    signer = in_background(make)
    waiting = [asyncio.create_task(signer.get()) for _ in range(3)]
    await asyncio.sleep(0)  # the loop is not blocked
    assert made == []
    may_end.set()
    assert await asyncio.gather(*waiting) == ["made"] * 3
    assert await signer.get() == "made"
    assert len(made) == 1
    assert threading.main_thread() not in made


async def test_signer_is_ready_once_it_was_created_and_not_after_a_failure() -> None:
    may_end, results = threading.Event(), ["made"]

    def make() -> str:
        may_end.wait(5)
        return results.pop()  # fails when it is empty

    signer, failing = in_background(make), in_background(make)
    assert (signer.is_ready, failing.is_ready) == (False, False)
    may_end.set()
    await in_background(list).get()  # after the other two: there is one thread
    assert (signer.is_ready, failing.is_ready) == (True, False)
    results.append("made again")
    with pytest.raises(IndexError):
        await failing.get()
    assert await failing.get() == "made again"
    assert failing.is_ready


async def test_cancelled_caller_does_not_cancel_the_signer_for_others() -> None:
    may_end = threading.Event()
    busy = in_background(lambda: may_end.wait(5))
    signer = in_background(lambda: "made")  # waits for the one thread
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(signer.get(), 0.01)
    may_end.set()
    assert (await busy.get(), await signer.get()) == (True, "made")


async def test_signer_is_created_again_after_a_failure() -> None:
    made, both_wait = [], threading.Event()

    def make() -> str:
        made.append(1)
        if len(made) == 1:
            both_wait.wait(5)
            raise LookupError("no credentials yet")
        return "made"

    signer = in_background(make)
    waiting = [asyncio.create_task(signer.get()) for _ in range(2)]
    await asyncio.sleep(0)
    both_wait.set()
    errors = await asyncio.gather(*waiting, return_exceptions=True)
    assert [LookupError, LookupError] == [type(error) for error in errors]
    assert await signer.get() == "made"
    assert len(made) == 2


async def test_garbage_collection_is_paused_while_the_signer_is_created() -> None:
    frozen = gc.get_freeze_count()
    assert await in_background(gc.isenabled).get() is False
    assert gc.isenabled()
    assert gc.get_freeze_count() > frozen

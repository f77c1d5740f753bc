"""How many concurrent requests an origin gets."""

import asyncio
from contextlib import suppress

import pytest

from intake.download.origin_limiter import OriginLimiter, OriginSlot
from intake.model.errors import ConnectFailed, HttpServerError, NotFound, Throttled

ORIGIN = "https://a.example"


async def _let_tasks_run() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def _request(limiter: OriginLimiter, error: Exception | None = None, origin: str = ORIGIN) -> None:
    """Make one request that ends with `error`."""
    _end(await limiter.acquire(origin), error)


def _end(slot: OriginSlot, error: Exception | None = None) -> None:
    with suppress(*([type(error)] if error else [])), slot:
        if error is not None:
            raise error


async def test_request_over_the_limit_waits_for_a_slot() -> None:
    limiter = OriginLimiter(2)
    first, second = await limiter.acquire(ORIGIN), await limiter.acquire(ORIGIN)
    third = asyncio.create_task(limiter.acquire(ORIGIN))
    await _let_tasks_run()
    assert not third.done()

    _end(first)
    _end(await third)
    _end(second)


async def test_origins_have_separate_slots() -> None:
    limiter = OriginLimiter(1)

    with await limiter.acquire(ORIGIN):
        async with asyncio.timeout(0):
            await _request(limiter, origin="https://b.example")


async def test_cancelled_request_returns_its_slot() -> None:
    limiter = OriginLimiter(1)
    with await limiter.acquire(ORIGIN):
        waiting = [asyncio.create_task(_request(limiter)) for _ in range(3)]
        await _let_tasks_run()
        waiting[0].cancel()
        await _let_tasks_run()
    waiting[1].cancel()  # it has been granted a slot and has not run yet
    await waiting[2]

    async with asyncio.timeout(1):
        await _request(limiter)


@pytest.mark.parametrize("error", [Throttled(), ConnectFailed(), HttpServerError(status=503)])
async def test_overload_halves_the_limit(error: Exception) -> None:
    limiter = OriginLimiter(8)
    limits = []
    for _ in range(5):
        await _request(limiter, error)
        limits.append(limiter.limit(ORIGIN))

    assert limits == [4, 2, 1, 1, 1]


@pytest.mark.parametrize("error", [NotFound(), HttpServerError(status=500), ValueError()])
async def test_other_failure_keeps_the_limit(error: Exception) -> None:
    limiter = OriginLimiter(8)

    await _request(limiter, error)

    assert limiter.limit(ORIGIN) == 8


async def test_requests_that_fail_together_halve_the_limit_once() -> None:
    """A request that started before the halving tells nothing new."""
    limiter = OriginLimiter(8)
    burst = [await limiter.acquire(ORIGIN) for _ in range(8)]

    for slot in burst:
        _end(slot, Throttled())
    assert limiter.limit(ORIGIN) == 4

    await _request(limiter, Throttled())
    assert limiter.limit(ORIGIN) == 2


async def test_limit_grows_by_one_for_each_limit_of_responses() -> None:
    limiter = OriginLimiter(8)
    for _ in range(3):
        await _request(limiter, Throttled())
    limits = []
    for _ in range(40):
        await _request(limiter)
        limits.append(limiter.limit(ORIGIN))

    assert [1, *limits[:1], limits[1], limits[4]] == [1, 2, 2, 3]
    assert limits == sorted(limits)
    assert limits[-1] == 8


async def test_halved_limit_starts_no_request_before_enough_have_ended() -> None:
    limiter = OriginLimiter(4)
    slots = [await limiter.acquire(ORIGIN) for _ in range(4)]
    waiting = asyncio.create_task(limiter.acquire(ORIGIN))

    _end(slots[0], Throttled())
    _end(slots[1])
    await _let_tasks_run()
    assert not waiting.done()

    _end(slots[2])
    _end(await waiting)
    _end(slots[3])


async def test_limiter_drops_idle_origins_and_keeps_busy_ones() -> None:
    """Callers name the origins, so the memory for them is bounded."""
    limiter = OriginLimiter(8)
    await _request(limiter, Throttled(), "https://first.example")
    with await limiter.acquire(ORIGIN):
        for number in range(3000):
            await _request(limiter, origin=f"https://{number}.example")
        assert ORIGIN in limiter._origins

    assert limiter.limit("https://first.example") == 8
    assert len(limiter._origins) <= 1024

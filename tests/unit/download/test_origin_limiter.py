"""How many requests an origin gets at once."""

import asyncio
from contextlib import suppress

import pytest

from intake.download.origin_limiter import OriginLimiter, OriginSlot
from intake.model.errors import ConnectFailed, HttpServerError, NotFound, Throttled

ORIGIN = "https://a.example"


async def _settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def _ask(limiter: OriginLimiter, error: Exception | None = None, origin: str = ORIGIN) -> None:
    """Make one request, which ends with `error`."""
    _end(await limiter.acquire(origin), error)


def _end(place: OriginSlot, error: Exception | None = None) -> None:
    with suppress(*([type(error)] if error else [])), place:
        if error is not None:
            raise error


async def test_as_many_places_as_an_origin_has() -> None:
    limiter = OriginLimiter(2)
    first, second = await limiter.acquire(ORIGIN), await limiter.acquire(ORIGIN)
    third = asyncio.create_task(limiter.acquire(ORIGIN))
    await _settle()
    assert not third.done()

    _end(first)
    _end(await third)
    _end(second)


async def test_origins_do_not_share_their_places() -> None:
    limiter = OriginLimiter(1)

    with await limiter.acquire(ORIGIN):
        async with asyncio.timeout(0):
            await _ask(limiter, origin="https://b.example")


async def test_who_gives_up_waiting_for_a_place_takes_none() -> None:
    limiter = OriginLimiter(1)
    with await limiter.acquire(ORIGIN):
        waiting = [asyncio.create_task(_ask(limiter)) for _ in range(3)]
        await _settle()
        waiting[0].cancel()
        await _settle()
    waiting[1].cancel()  # its turn has come, and it has not run yet
    await waiting[2]

    async with asyncio.timeout(1):
        await _ask(limiter)


@pytest.mark.parametrize("error", [Throttled(), ConnectFailed(), HttpServerError(status=503)])
async def test_an_origin_that_is_overrun_gets_half(error: Exception) -> None:
    limiter = OriginLimiter(8)
    limits = []
    for _ in range(5):
        await _ask(limiter, error)
        limits.append(limiter.limit(ORIGIN))

    assert limits == [4, 2, 1, 1, 1]


@pytest.mark.parametrize("error", [NotFound(), HttpServerError(status=500), ValueError()])
async def test_other_failures_change_nothing(error: Exception) -> None:
    limiter = OriginLimiter(8)

    await _ask(limiter, error)

    assert limiter.limit(ORIGIN) == 8


async def test_requests_of_one_burst_halve_an_origin_once() -> None:
    """Those that began before the halving say nothing about what holds since."""
    limiter = OriginLimiter(8)
    burst = [await limiter.acquire(ORIGIN) for _ in range(8)]

    for place in burst:
        _end(place, Throttled())
    assert limiter.limit(ORIGIN) == 4

    await _ask(limiter, Throttled())
    assert limiter.limit(ORIGIN) == 2


async def test_an_origin_grows_back_by_one_for_each_round_of_answers() -> None:
    limiter = OriginLimiter(8)
    for _ in range(3):
        await _ask(limiter, Throttled())
    limits = []
    for _ in range(40):
        await _ask(limiter)
        limits.append(limiter.limit(ORIGIN))

    assert [1, *limits[:1], limits[1], limits[4]] == [1, 2, 2, 3]
    assert limits == sorted(limits)
    assert limits[-1] == 8


async def test_a_halved_origin_lets_nobody_in_before_enough_have_left() -> None:
    limiter = OriginLimiter(4)
    places = [await limiter.acquire(ORIGIN) for _ in range(4)]
    waiting = asyncio.create_task(limiter.acquire(ORIGIN))

    _end(places[0], Throttled())
    _end(places[1])
    await _settle()
    assert not waiting.done()

    _end(places[2])
    _end(await waiting)
    _end(places[3])


async def test_origins_that_idle_are_forgotten_and_busy_ones_are_not() -> None:
    """Strangers name the origins: what is known of them is bounded."""
    limiter = OriginLimiter(8)
    await _ask(limiter, Throttled(), "https://first.example")
    with await limiter.acquire(ORIGIN):
        for number in range(3000):
            await _ask(limiter, origin=f"https://{number}.example")
        assert ORIGIN in limiter._lanes

    assert limiter.limit("https://first.example") == 8
    assert len(limiter._lanes) <= 1024

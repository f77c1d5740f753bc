"""One aiohttp session on one loop, for the competitors that download with aiohttp."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import cache
from typing import Any

import aiohttp

AT_ONCE = 64

_runner = asyncio.Runner()


def run_on_loop[T](work: Coroutine[Any, Any, T]) -> T:
    return _runner.run(work)


async def _open() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE))


@cache
def session() -> aiohttp.ClientSession:
    return run_on_loop(_open())


@cache
def _turns() -> asyncio.Semaphore:
    return asyncio.Semaphore(AT_ONCE)


type Take = Callable[[int, bytes], Awaitable[str]]


async def all_of(session: aiohttp.ClientSession, urls: list[str], take: Take) -> list[str]:
    """Download every image, as many at once as ours does, and hand each over as soon as it is whole."""

    async def one(number: int, url: str) -> str:
        async with _turns():
            async with session.get(url, raise_for_status=True) as answer:
                body = await answer.read()
            return await take(number, body)

    return await asyncio.gather(*(one(number, url) for number, url in enumerate(urls)))


def reopen() -> None:
    run_on_loop(session().close())
    session.cache_clear()
    session()

"""Downloads with one aiohttp session on one event loop, for the competitors that use aiohttp."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import cache
from typing import Any

import aiohttp

MAX_IN_FLIGHT = 64

_runner = asyncio.Runner()


def run_on_loop[T](work: Coroutine[Any, Any, T]) -> T:
    return _runner.run(work)


async def _open() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=MAX_IN_FLIGHT))


@cache
def session() -> aiohttp.ClientSession:
    return run_on_loop(_open())


@cache
def _slots() -> asyncio.Semaphore:
    return asyncio.Semaphore(MAX_IN_FLIGHT)


type Store = Callable[[int, bytes], Awaitable[str]]


async def download_all(session: aiohttp.ClientSession, urls: list[str], store: Store) -> list[str]:
    """Download the images with the concurrency of image-intake, and store each as soon as it is complete."""

    async def one(number: int, url: str) -> str:
        async with _slots():
            async with session.get(url, raise_for_status=True) as response:
                body = await response.read()
            return await store(number, body)

    return await asyncio.gather(*(one(number, url) for number, url in enumerate(urls)))


def reopen() -> None:
    run_on_loop(session().close())
    session.cache_clear()
    session()

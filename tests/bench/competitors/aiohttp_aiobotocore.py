"""aiohttp and aiobotocore, the fastest pair in common use, configured for the least work.

It neither signs the body nor adds a checksum.
"""

import json
from contextlib import AsyncExitStack
from functools import cache, partial
from typing import Any

import aiohttp
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

from bench.competitors import aiohttp_session
from bench.competitors.aiohttp_session import MAX_IN_FLIGHT, download_all, run_on_loop, session

_CONFIG = AioConfig(
    max_pool_connections=MAX_IN_FLIGHT,
    request_checksum_calculation="when_required",
    s3={"payload_signing_enabled": False},
)
_open = AsyncExitStack()


@cache
def _s3() -> Any:
    return run_on_loop(_open.enter_async_context(get_session().create_client("s3", config=_CONFIG)))


async def _put(s3: Any, bucket: str, number: int, body: bytes) -> str:
    key = f"images/{number}.jpg"
    await s3.put_object(Bucket=bucket, Key=key, Body=body, ContentType="image/jpeg")
    return key


async def _all(web: aiohttp.ClientSession, s3: Any, urls: list[str], bucket: str) -> None:
    keys = await download_all(web, urls, partial(_put, s3, bucket))
    await s3.put_object(Bucket=bucket, Key="summary.json", Body=json.dumps(keys).encode())


def run(urls: list[str], bucket: str) -> None:
    run_on_loop(_all(session(), _s3(), urls, bucket))


def reopen() -> None:
    aiohttp_session.reopen()
    _s3()
    run_on_loop(_open.aclose())
    _s3.cache_clear()
    _s3()

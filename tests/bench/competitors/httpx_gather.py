"""The obvious rewrite: one AsyncClient, gather, and boto3 in threads."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import httpx

from bench.competitors import boto3_store
from bench.competitors.boto3_store import put, put_summary

_runner = asyncio.Runner()


@cache
def _client() -> httpx.AsyncClient:
    return httpx.AsyncClient(
        limits=httpx.Limits(max_connections=64, max_keepalive_connections=64), timeout=httpx.Timeout(5, pool=None)
    )


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(64)


async def _one(bucket: str, number: int, url: str) -> str:
    response = (await _client().get(url)).raise_for_status()
    return await asyncio.get_running_loop().run_in_executor(_threads(), put, bucket, number, response.content)


async def _all(urls: list[str], bucket: str) -> None:
    keys = await asyncio.gather(*(_one(bucket, number, url) for number, url in enumerate(urls)))
    await asyncio.to_thread(put_summary, bucket, keys)


def run(urls: list[str], bucket: str) -> None:
    _runner.run(_all(urls, bucket))


def reopen() -> None:
    _runner.run(_client().aclose())
    _client.cache_clear()
    _client()
    boto3_store.reopen()

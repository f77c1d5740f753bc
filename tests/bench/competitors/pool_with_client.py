"""The same pool with one shared httpx client."""

from functools import cache
from multiprocessing.pool import ThreadPool

import httpx

from . import WORKERS, put, put_summary


@cache
def _client() -> httpx.Client:
    return httpx.Client()


@cache
def _pool() -> ThreadPool:
    return ThreadPool(WORKERS)


def _one(job: tuple[str, int, str]) -> str:
    bucket, number, url = job
    return put(bucket, number, _client().get(url).raise_for_status().content)


def run(urls: list[str], bucket: str) -> None:
    keys = _pool().map(_one, [(bucket, number, url) for number, url in enumerate(urls)])
    put_summary(bucket, keys)

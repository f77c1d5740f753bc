"""The thread pool that callers have, with one shared httpx client and kept threads."""

from functools import cache
from multiprocessing.pool import ThreadPool

import httpx

from bench.competitors import storing
from bench.competitors.gets import WORKERS, jobs
from bench.competitors.storing import put, put_summary


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
    put_summary(bucket, _pool().map(_one, jobs(urls, bucket), chunksize=1))


def reopen() -> None:
    _client().close()
    _client.cache_clear()
    _client()
    storing.reopen()

"""The callers' thread pool, with one shared httpx client; client and threads are kept between runs."""

from functools import cache
from multiprocessing.pool import ThreadPool

import httpx

from bench.competitors import boto3_store
from bench.competitors.boto3_store import put, put_summary
from bench.competitors.httpx_get import WORKERS, jobs


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
    boto3_store.reopen()

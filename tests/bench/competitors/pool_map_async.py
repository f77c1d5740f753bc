"""Callers today: `ThreadPool.map_async` runs `httpx.get`, then boto3, in each thread."""

from multiprocessing.pool import ThreadPool

from bench.competitors.boto3_store import put_summary, reopen
from bench.competitors.httpx_get import WORKERS, fetch_and_put, jobs

__all__ = ["reopen", "run"]


def run(urls: list[str], bucket: str) -> None:
    with ThreadPool(WORKERS) as pool:
        keys = pool.map_async(fetch_and_put, jobs(urls, bucket)).get()
    put_summary(bucket, keys)

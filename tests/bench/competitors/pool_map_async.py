"""Callers today: `map_async` over `httpx.get`, and each thread then stores with boto3."""

from multiprocessing.pool import ThreadPool

from bench.competitors.gets import WORKERS, fetch_and_put, jobs
from bench.competitors.storing import put_summary, reopen

__all__ = ["reopen", "run"]


def run(urls: list[str], bucket: str) -> None:
    with ThreadPool(WORKERS) as pool:
        keys = pool.map_async(fetch_and_put, jobs(urls, bucket)).get()
    put_summary(bucket, keys)

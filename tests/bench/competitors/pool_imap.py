"""Callers today: `imap` in chunks of eight over `httpx.get`, and each thread then stores with boto3."""

from multiprocessing.pool import ThreadPool

from bench.competitors.gets import CHUNK, WORKERS, fetch_and_put, jobs
from bench.competitors.storing import put_summary, reopen

__all__ = ["reopen", "run"]


def run(urls: list[str], bucket: str) -> None:
    with ThreadPool(WORKERS) as pool:
        keys = list(pool.imap(fetch_and_put, jobs(urls, bucket), CHUNK))
    put_summary(bucket, keys)

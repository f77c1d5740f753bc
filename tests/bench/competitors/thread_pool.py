"""Callers today: `concurrent.futures` runs `httpx.get`, then boto3, in each thread."""

from concurrent.futures import ThreadPoolExecutor

from bench.competitors.boto3_store import put_summary, reopen
from bench.competitors.httpx_get import WORKERS, fetch_and_put, jobs

__all__ = ["reopen", "run"]


def run(urls: list[str], bucket: str) -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        futures = [pool.submit(fetch_and_put, job) for job in jobs(urls, bucket)]
        keys = [future.result() for future in futures]
    put_summary(bucket, keys)

"""Callers today: `concurrent.futures` with `httpx.get`, and each thread then stores with boto3."""

from concurrent.futures import ThreadPoolExecutor

from bench.competitors.gets import WORKERS, fetch_and_put, jobs
from bench.competitors.storing import put_summary, reopen

__all__ = ["reopen", "run"]


def run(urls: list[str], bucket: str) -> None:
    with ThreadPoolExecutor(WORKERS) as pool:
        futures = [pool.submit(fetch_and_put, job) for job in jobs(urls, bucket)]
        keys = [future.result() for future in futures]
    put_summary(bucket, keys)

"""Callers today: a thread pool maps httpx.get, and each thread then stores with boto3."""

from multiprocessing.pool import ThreadPool

import httpx

from . import WORKERS, put, put_summary


def _one(job: tuple[str, int, str]) -> str:
    bucket, number, url = job
    return put(bucket, number, httpx.get(url).raise_for_status().content)


def run(urls: list[str], bucket: str) -> None:
    with ThreadPool(WORKERS) as pool:
        keys = pool.map(_one, [(bucket, number, url) for number, url in enumerate(urls)])
    put_summary(bucket, keys)

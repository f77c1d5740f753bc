"""The jobs of the callers' thread pools: `httpx.get`, which makes a client for each call, then boto3."""

import httpx

from bench.competitors.boto3_store import put

WORKERS = 16
CHUNK = 8


def fetch_and_put(job: tuple[str, int, str]) -> str:
    bucket, number, url = job
    return put(bucket, number, httpx.get(url).raise_for_status().content)


def jobs(urls: list[str], bucket: str) -> list[tuple[str, int, str]]:
    return [(bucket, number, url) for number, url in enumerate(urls)]

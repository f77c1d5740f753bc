"""Callers today: one AsyncClient that downloads one image after the other, then boto3."""

import asyncio

import httpx

from bench.competitors.boto3_store import put, put_summary, reopen

__all__ = ["reopen", "run"]


async def _all(urls: list[str], bucket: str) -> list[str]:
    keys = []
    async with httpx.AsyncClient() as client:
        for number, url in enumerate(urls):
            response = (await client.get(url)).raise_for_status()
            keys.append(put(bucket, number, response.content))
    return keys


def run(urls: list[str], bucket: str) -> None:
    put_summary(bucket, asyncio.run(_all(urls, bucket)))

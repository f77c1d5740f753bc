"""Callers today: one AsyncClient, awaited image by image, then boto3."""

import asyncio

import httpx

from bench.competitors.storing import put, put_summary, reopen

__all__ = ["reopen", "run"]


async def _all(urls: list[str], bucket: str) -> list[str]:
    keys = []
    async with httpx.AsyncClient() as client:
        for number, url in enumerate(urls):
            answer = (await client.get(url)).raise_for_status()
            keys.append(put(bucket, number, answer.content))
    return keys


def run(urls: list[str], bucket: str) -> None:
    put_summary(bucket, asyncio.run(_all(urls, bucket)))

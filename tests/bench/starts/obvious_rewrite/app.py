"""The obvious rewrite as a function: one AsyncClient, gather, and boto3 in threads."""

import asyncio
import json
import os
from typing import Any

import boto3
import httpx

BUCKET = os.environ["IMAGE_BUCKET"]
s3 = boto3.client("s3")
runner = asyncio.Runner()
client = httpx.AsyncClient()


def put(key: str, body: bytes) -> str:
    s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    return key


async def take(number: int, url: str) -> str:
    answer = (await client.get(url)).raise_for_status()
    return await asyncio.to_thread(put, f"images/{number}.jpg", answer.content)


async def take_all(urls: list[str]) -> list[str]:
    keys = await asyncio.gather(*(take(number, url) for number, url in enumerate(urls)))
    await asyncio.to_thread(put, "summary.json", json.dumps(keys).encode())
    return keys


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    del context
    keys = runner.run(take_all(json.loads(event["body"])["urls"]))
    return {"statusCode": 200, "body": json.dumps({"objectKeys": keys})}

"""The obvious rewrite as a Lambda function: one AsyncClient, gather, and boto3 in threads."""

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


async def fetch_and_put(number: int, url: str) -> str:
    response = (await client.get(url)).raise_for_status()
    return await asyncio.to_thread(put, f"images/{number}.jpg", response.content)


async def fetch_and_put_all(urls: list[str]) -> list[str]:
    keys = await asyncio.gather(*(fetch_and_put(number, url) for number, url in enumerate(urls)))
    await asyncio.to_thread(put, "summary.json", json.dumps(keys).encode())
    return keys


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    del context
    keys = runner.run(fetch_and_put_all(json.loads(event["body"])["urls"]))
    return {"statusCode": 200, "body": json.dumps({"objectKeys": keys})}

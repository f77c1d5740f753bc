"""Stores images with boto3, as most callers do."""

import json
from functools import cache
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@cache
def s3() -> "S3Client":
    """Return the one client; threads may share it. Its pool is as large as that of the largest competitor."""
    return boto3.client("s3", config=Config(max_pool_connections=64))


def put(bucket: str, number: int, body: bytes) -> str:
    key = f"images/{number}.jpg"
    s3().put_object(Bucket=bucket, Key=key, Body=body, ContentType="image/jpeg")
    return key


def put_summary(bucket: str, keys: list[str]) -> None:
    s3().put_object(Bucket=bucket, Key="summary.json", Body=json.dumps(keys).encode())


def reopen() -> None:
    s3().close()
    s3.cache_clear()
    s3()

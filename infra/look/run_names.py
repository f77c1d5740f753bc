"""The names of the newest runs, in a folder or in a bucket."""

from collections.abc import Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from infra.look.errors import LookError
from infra.look.read_ahead import read_ahead

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_PREFIX = "runs/"
_MAX_RUNS = 1000
"""Runs of a bucket whose times are asked for. They have random names, and a request each."""


def newest_in_folder(folder: Path, number: int) -> list[str]:
    """Return the names of the runs that changed last, the newest first; none if there are none."""
    try:
        runs = [(path.stat().st_mtime, path.name) for path in (folder / _PREFIX).iterdir() if path.is_dir()]
    except OSError:
        return []
    return [name for _, name in sorted(runs, reverse=True)[:number]]


def newest_in_bucket(client: "S3Client", bucket: str, number: int) -> list[str]:
    """Return the names of the runs that began last, the newest first.

    Raises:
        LookError: the bucket cannot be listed.
    """
    try:
        names = islice(_list_names(client, bucket), _MAX_RUNS)
        runs = list(read_ahead(partial(_add_time, client, bucket), names))
    except (BotoCoreError, ClientError) as error:
        raise LookError(f"s3://{bucket}/{_PREFIX} cannot be listed: {error}") from error
    return [name for _, name in sorted(runs, reverse=True)[:number]]


def _list_names(client: "S3Client", bucket: str) -> Iterator[str]:
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=_PREFIX, Delimiter="/"):
        yield from (item["Prefix"].removeprefix(_PREFIX).rstrip("/") for item in page.get("CommonPrefixes", ()))


def _add_time(client: "S3Client", bucket: str, run: str) -> tuple[float, str]:
    """Return the time of the first object of a run, and its name."""
    found = client.list_objects_v2(Bucket=bucket, Prefix=f"{_PREFIX}{run}/", MaxKeys=1).get("Contents", [])
    return (found[0]["LastModified"].timestamp() if found else 0.0), run

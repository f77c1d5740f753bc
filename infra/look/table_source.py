"""Reads the table of a run from a folder or from a bucket, part by part. A part that cannot be read is a TableFault."""

import io
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from infra.look.errors import LookError
from infra.look.read_ahead import read_ahead
from infra.look.table_parts import TableFault, read_part

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MAX_PART_BYTES = 16 * 1024 * 1024
"""Of an object, compressed. A batch of 8,000 images, the most that a bulk run has, gives less than a megabyte."""

_ENDINGS = (".jsonl.gz", ".jsonl")


def read_folder(folder: Path) -> Iterator[object]:
    """Yield the lines of the parts in a folder, in the order of their names; nothing if it does not exist.

    Raises:
        LookError: the folder cannot be listed.
    """
    try:
        with os.scandir(folder) as entries:  # ten million rows have 130,000 parts: a Path of each takes 130 MB
            names = sorted(entry.name for entry in entries if entry.name.endswith(_ENDINGS) and entry.is_file())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise LookError(f"{folder} cannot be read: {error.strerror}.") from None
    for name in names:
        yield from read_file(folder / name)


def read_file(path: Path) -> Iterator[object]:
    """Yield the lines of a part."""
    try:
        with path.open("rb") as file:
            yield from read_part(file, str(path))
    except OSError as error:
        yield TableFault(str(path), str(error.strerror))


def read_bucket(client: "S3Client", bucket: str, prefix: str) -> Iterator[object]:
    """Yield the lines of the parts below a prefix, in the order of their keys. Some parts are read ahead.

    Raises:
        LookError: the bucket cannot be listed.
    """
    for key, part in read_ahead(partial(_get_part, client, bucket), _list_keys(client, bucket, prefix)):
        name = f"s3://{bucket}/{key}"
        if isinstance(part, str):
            yield TableFault(name, part)
            continue
        yield from read_part(io.BytesIO(part[:MAX_PART_BYTES]), name)
        if len(part) > MAX_PART_BYTES:
            yield TableFault(name, f"it is larger than {MAX_PART_BYTES:,} bytes")


def _list_keys(client: "S3Client", bucket: str, prefix: str) -> Iterator[str]:
    try:
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            yield from (item["Key"] for item in page.get("Contents", ()) if item["Key"].endswith(_ENDINGS))
    except (BotoCoreError, ClientError) as error:
        raise LookError(f"s3://{bucket}/{prefix} cannot be listed: {error}") from error


def _get_part(client: "S3Client", bucket: str, key: str) -> tuple[str, bytes | str]:
    """Return the key and the bytes of a part, one more than allowed if it is too large; or why it cannot be read."""
    try:
        return key, client.get_object(Bucket=bucket, Key=key)["Body"].read(MAX_PART_BYTES + 1)
    except (BotoCoreError, ClientError) as error:
        return key, str(error)

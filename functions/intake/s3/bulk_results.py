"""Reads and writes the results of bulk runs in S3. Speed does not matter here, so boto3 sends the requests."""

import io
import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from intake.model.bulk_report import BatchReport, Summary
from intake.model.object_keys import (
    batch_name,
    batches_prefix,
    broken_prefix,
    failed_key,
    report_key,
    summary_key,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_s3 import S3Client

_MAX_CONCURRENT_READS = 16
"""Reports in memory at once. The largest ones have some megabytes."""

_KEYS_PER_PAGE = 1000
_PART_BYTES = 8 * 1024 * 1024
"""The size of a part of an upload, one of which is in memory. S3 permits 10,000 parts."""

_UPLOAD = TransferConfig(multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES, use_threads=False)


class BulkResults:
    """Reads the reports of batches, and writes the summary of a run."""

    def __init__(self, bucket: str) -> None:
        """Use the bucket that holds images, receipts and runs."""
        self._client: S3Client = boto3.client("s3", config=Config(max_pool_connections=_MAX_CONCURRENT_READS))
        self._bucket = bucket

    def reports(self, run: str) -> Iterator[BatchReport]:
        """Yield the report of every batch of a run once.

        The state machine may report a failed batch twice. The batch may also have stored its own report before its
        response was lost. The key of its own report depends on the batch and its items, so it identifies the batch.
        """
        seen: set[str] = set()
        with ThreadPoolExecutor(_MAX_CONCURRENT_READS) as threads:
            keys = chain.from_iterable(self._list_keys(batches_prefix(run), _KEYS_PER_PAGE))
            yield from _map_ahead(threads, self._read_report, keys)
            keys = chain.from_iterable(self._list_keys(broken_prefix(run), _KEYS_PER_PAGE))
            for own_key, report in _map_ahead(threads, partial(self._read_broken, run), keys):
                if report and own_key not in seen:
                    seen.add(own_key)
                    yield report

    def _list_keys(self, prefix: str, page_size: int) -> Iterator[list[str]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, PaginationConfig={"PageSize": page_size}
        )
        for page in pages:
            yield [item["Key"] for item in page.get("Contents", [])]

    def _read_broken(self, run: str, key: str) -> tuple[str, BatchReport | None]:
        """Return the key of the batch's own report, and the report at `key`, or None if the own report exists."""
        report = self._read_report(key)
        own_key = report_key(run, batch_name(report.failed, report.batch))
        return own_key, None if self._exists(own_key) else report

    def _read_report(self, key: str) -> BatchReport:
        # json, not pydantic's own parser: json accepts an unpaired surrogate in a line that is not a valid File.
        return BatchReport.model_validate(
            json.loads(self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())
        )

    def _exists(self, key: str) -> bool:
        # Not HEAD: the role may list only this prefix, so S3 answers a HEAD for a missing object with 403.
        return self._client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1)["KeyCount"] > 0

    def put_failed(self, run: str, lines: Iterable[bytes]) -> bool:
        """Write the list of failed rows while it is read, and return whether there are any."""
        remaining = iter(lines)
        first = next(remaining, None)
        if first is None:
            return False
        file = io.BufferedReader(_LineReader(chain([first], remaining)))
        self._client.upload_fileobj(file, self._bucket, failed_key(run), Config=_UPLOAD)
        return True

    def put_summary(self, summary: Summary) -> None:
        """Write the summary of a run."""
        self._client.put_object(
            Bucket=self._bucket,
            Key=summary_key(summary.run),
            Body=summary.model_dump_json(by_alias=True).encode(),
            ContentType="application/json",
        )


class _LineReader(io.RawIOBase):
    """Reads lines as one stream. It cannot seek, so an upload keeps only one part of it in memory."""

    def __init__(self, lines: Iterator[bytes]) -> None:
        self._lines = lines
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Fill the beginning of the buffer, and return the number of bytes: 0 at the end."""
        if not self._rest:
            line = next(self._lines, None)
            self._rest = memoryview(b"" if line is None else line + b"\n")
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._rest))
        target[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _map_ahead[T, R](threads: ThreadPoolExecutor, function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Yield the results in order. Unlike `Executor.map`, start no more calls than there are threads."""
    running: deque[Future[R]] = deque()
    for item in items:
        running.append(threads.submit(function, item))
        if len(running) == _MAX_CONCURRENT_READS:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()

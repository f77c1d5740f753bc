"""Reads and writes the results of bulk runs in S3. Speed does not matter here, so boto3 sends the requests."""

import io
import json
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

from intake.model.batch_table import BatchTable
from intake.model.bulk_report import BatchReport, Summary
from intake.model.object_keys import batch_name, batches_prefix, broken_prefix, report_key, summary_key, table_key

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from mypy_boto3_s3 import S3Client

_MAX_CONCURRENT_READS = 16
"""Reports in memory at once. The largest ones have some megabytes."""

_KEYS_PER_PAGE = 1000
_PART_BYTES = 8 * 1024 * 1024
"""The size of a part of an upload, one of which is in memory. S3 permits 10,000 parts."""

_READ_BYTES = 1024 * 1024

_UPLOAD = TransferConfig(multipart_threshold=_PART_BYTES, multipart_chunksize=_PART_BYTES, use_threads=False)


class BulkResults:
    """Reads the reports of batches, and writes the summary of a run, its lists, and the rows of broken batches."""

    def __init__(self, bucket: str) -> None:
        """Use the bucket that holds images, receipts and runs."""
        self._client: S3Client = boto3.client("s3", config=Config(max_pool_connections=_MAX_CONCURRENT_READS))
        self._bucket = bucket
        self._table_lock = threading.Lock()

    def reports(self, run: str) -> Iterator[BatchReport]:
        """Yield the report of every batch of a run once. The rows of a batch that broke are in the table by then.

        The state machine may report a failed batch twice. The batch may also have stored its own report before its
        response was lost, or when it ran again. The name of a batch depends on its items, so it identifies the batch.
        """
        with ThreadPoolExecutor(_MAX_CONCURRENT_READS) as threads:
            keys = chain.from_iterable(self._list_keys(batches_prefix(run), _KEYS_PER_PAGE))
            yield from _map_ahead(threads, self._read_report, keys)
            keys = chain.from_iterable(self._list_keys(broken_prefix(run), _KEYS_PER_PAGE))
            read_broken = partial(self._read_broken, run, {})
            yield from filter(None, _map_ahead(threads, read_broken, keys))

    def _list_keys(self, prefix: str, page_size: int) -> Iterator[list[str]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, PaginationConfig={"PageSize": page_size}
        )
        for page in pages:
            yield [item["Key"] for item in page.get("Contents", [])]

    def _read_broken(self, run: str, first_keys: dict[str, str], key: str) -> BatchReport | None:
        """Return the report of a batch that broke, and store its rows as its part of the table.

        A part that the batch has stored without a report is overwritten, so that table and counts agree.

        Args:
            run: the name of the run.
            first_keys: the key of the first report of each batch, by the name of the batch; other threads add to it.
            key: the key of the report.

        Returns:
            None if the batch has a report of its own, or another report of it was first.
        """
        report = self._read_report(key)
        batch = batch_name(report.failed, report.batch)
        if first_keys.setdefault(batch, key) != key or self._exists(report_key(run, batch)):
            return None
        with self._table_lock:  # rows take much more memory than a report: one table at a time
            rows = BatchTable.of_broken(report).to_gzip()
        self._put_part(table_key(run, batch), rows)
        return report

    def _put_part(self, key: str, rows: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=rows, ContentType="application/gzip")

    def _read_report(self, key: str) -> BatchReport:
        # json, not pydantic's own parser: json accepts an unpaired surrogate in a line that is not a valid File.
        return BatchReport.model_validate(
            json.loads(self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())
        )

    def _exists(self, key: str) -> bool:
        # Not HEAD: the role may list only this prefix, so S3 answers a HEAD for a missing object with 403.
        return self._client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1)["KeyCount"] > 0

    def put_lines(self, key: str, lines: Iterable[bytes]) -> bool:
        """Write an object of lines while they are read, and return whether there are any; else there is no object."""
        remaining = iter(lines)
        first = next(remaining, None)
        if first is None:
            return False
        file = io.BufferedReader(_LineReader(chain([first], remaining)))
        self._client.upload_fileobj(file, self._bucket, key, Config=_UPLOAD)
        return True

    def read_lines(self, key: str) -> Iterator[bytes]:
        """Yield the lines of an object, without their ends, while it is read."""
        with closing(self._client.get_object(Bucket=self._bucket, Key=key)["Body"]) as body:
            yield from body.iter_lines(_READ_BYTES)

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

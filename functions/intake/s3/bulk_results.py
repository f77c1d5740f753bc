"""The results of bulk runs in S3. Speed does not matter here, so boto3 does the work, with its retries and uploads."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from intake.model.bulk_report import BatchReport, Summary
from intake.model.object_keys import batch_key, batches_prefix, broken_prefix, failed_key, summary_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_MAX_CONCURRENT_READS = 16
_KEYS_PER_PAGE = 1000
_BROKEN_KEYS_PER_PAGE = 100
"""Fewer: the report of a batch that broke holds all its items."""


class BulkResults:
    """Reads the reports of batches, and writes the summary of a run."""

    def __init__(self, bucket: str) -> None:
        """Use the bucket that holds images, receipts and runs."""
        self._client: S3Client = boto3.client("s3", config=Config(max_pool_connections=_MAX_CONCURRENT_READS))
        self._bucket = bucket

    def reports(self, run: str) -> Iterator[BatchReport]:
        """Yield the report of every batch of a run once.

        A batch that broke may be recorded twice, or may have stored its own report before its response was lost. The
        key of its own report is made of the batch and its items, so it identifies the batch in all these cases.
        """
        seen: set[str] = set()
        with ThreadPoolExecutor(_MAX_CONCURRENT_READS) as threads:
            for keys in self._list_keys(batches_prefix(run), _KEYS_PER_PAGE):
                yield from threads.map(self._read_report, keys)
            for keys in self._list_keys(broken_prefix(run), _BROKEN_KEYS_PER_PAGE):
                for own_key, report in threads.map(partial(self._read_broken, run), keys):
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
        """Return the key of a broken batch's own report, and its record; no record where its own report exists."""
        report = self._read_report(key)
        own_key = batch_key(run, report.failed, report.batch)
        return own_key, None if self._exists(own_key) else report

    def _read_report(self, key: str) -> BatchReport:
        # json, not pydantic's own parser: json accepts half a surrogate pair in a line that is not a valid File.
        return BatchReport.model_validate(
            json.loads(self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())
        )

    def _exists(self, key: str) -> bool:
        # A list, not a HEAD: the role may list only this prefix, so S3 answers a HEAD for a missing object with 403.
        return self._client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1)["KeyCount"] > 0

    def put_failed(self, run: str, lines: Iterable[bytes]) -> bool:
        """Write the list of failed documents, and return whether there are any."""
        with tempfile.TemporaryFile() as file:
            file.writelines(line + b"\n" for line in lines)
            if not file.tell():
                return False
            file.seek(0)
            self._client.upload_fileobj(file, self._bucket, failed_key(run))
        return True

    def put_summary(self, summary: Summary) -> None:
        """Write the summary of a run."""
        self._client.put_object(
            Bucket=self._bucket,
            Key=summary_key(summary.run),
            Body=summary.model_dump_json(by_alias=True).encode(),
            ContentType="application/json",
        )

"""The results of bulk runs in a bucket. Nothing here is urgent: boto3 does it, with its own retries and uploads."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from intake.model.bulk_report import (
    BatchReport,
    Summary,
    batch_key,
    batches_prefix,
    broken_prefix,
    failed_key,
    summary_key,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_AT_ONCE = 16


class BulkResults:
    """Reads the reports of batches, and keeps summaries."""

    def __init__(self, bucket: str) -> None:
        """Open the bucket of images, receipts and runs."""
        self._client: S3Client = boto3.client("s3", config=Config(max_pool_connections=_AT_ONCE))
        self._bucket = bucket

    def reports(self, run: str) -> Iterator[BatchReport]:
        """Read the report of every batch of a run once, some at a time.

        A batch that broke may be kept twice, or have a report of its own that was stored before its answer was lost.
        What both have in common is the key of its own report, which is made of the batch and its items.
        """
        told: set[str] = set()
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            for keys in self._pages(batches_prefix(run), 1000):
                yield from threads.map(self._report, keys)
            for keys in self._pages(broken_prefix(run), 100):  # each with all its items, unlike the others
                for own, report in threads.map(partial(self._broken, run), keys):
                    if report and own not in told:
                        told.add(own)
                        yield report

    def _pages(self, prefix: str, size: int) -> Iterator[list[str]]:
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, PaginationConfig={"PageSize": size}
        )
        for page in pages:
            yield [item["Key"] for item in page.get("Contents", [])]

    def _broken(self, run: str, key: str) -> tuple[str, BatchReport | None]:
        report = self._report(key)
        own = batch_key(run, report.failed, report.batch)
        return own, None if self._is_there(own) else report

    def _report(self, key: str) -> BatchReport:
        # Read by json: half a surrogate pair in a line that is no File must not take the summary away.
        return BatchReport.model_validate(
            json.loads(self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())
        )

    def _is_there(self, key: str) -> bool:
        # Listed, not asked for: the right to list is that of a prefix, and whoever may not list everything is answered
        # 403 for an object that is not there.
        return self._client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1)["KeyCount"] > 0

    def put_failed(self, run: str, lines: Iterable[bytes]) -> bool:
        """Write the list of what failed, and return whether there was anything."""
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

"""The results of bulk runs in a bucket. Nothing here is urgent: boto3 does it, with its own retries and uploads."""

import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from intake.domain.report import BatchReport, Summary, batches_prefix, failed_key, summary_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_AT_ONCE = 16


class Runs:
    """Reads the reports of batches, and keeps summaries."""

    def __init__(self, bucket: str) -> None:
        """Open the bucket of images, receipts and runs."""
        self._client: S3Client = boto3.client("s3", config=Config(max_pool_connections=_AT_ONCE))
        self._bucket = bucket

    def reports(self, run: str) -> Iterator[BatchReport]:
        """Read the reports of a run, some at a time."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=batches_prefix(run), PaginationConfig={"PageSize": 1000}
        )
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            for page in pages:
                yield from threads.map(self._report, [item["Key"] for item in page.get("Contents", [])])

    def _report(self, key: str) -> BatchReport:
        return BatchReport.model_validate_json(self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read())

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

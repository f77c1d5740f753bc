"""Which runs there are."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from infra.look.errors import LookError
from infra.look.run_names import newest_in_bucket, newest_in_folder


def test_runs_of_a_folder_are_named_with_the_newest_first(tmp_path: Path) -> None:
    for number, name in enumerate(["oldest", "middle", "newest"]):
        (tmp_path / "runs" / name).mkdir(parents=True)
        os.utime(tmp_path / "runs" / name, (number, number))
    (tmp_path / "runs" / "a-file").touch()

    assert newest_in_folder(tmp_path, 2) == ["newest", "middle"]


def test_folder_without_runs_has_none(tmp_path: Path) -> None:
    assert newest_in_folder(tmp_path, 2) == []
    assert newest_in_folder(tmp_path / "missing", 2) == []


class FakeS3:
    """A bucket with runs, by the hour in which each began."""

    def __init__(self, runs: dict[str, int]) -> None:
        self.runs = runs

    def get_paginator(self, _: str) -> "FakeS3":
        return self

    def paginate(self, **_: str) -> list[dict[str, Any]]:
        return [{"CommonPrefixes": [{"Prefix": f"runs/{run}/"}]} for run in self.runs] + [{}]

    def list_objects_v2(self, Bucket: str, Prefix: str, MaxKeys: int) -> dict[str, Any]:  # noqa: N803 - boto3
        assert (Bucket, MaxKeys) == ("the-images", 1)
        hour = self.runs[Prefix.removeprefix("runs/").rstrip("/")]
        return {"Contents": [{"LastModified": datetime(2026, 11, 22, hour, tzinfo=UTC)}]} if hour >= 0 else {}


def test_runs_of_a_bucket_are_named_with_the_newest_first() -> None:
    s3: Any = FakeS3({"b": 1, "a": 3, "gone": -1, "c": 2})

    assert newest_in_bucket(s3, "the-images", 3) == ["a", "c", "b"]


def test_runs_of_a_bucket_that_may_not_be_listed_end_the_command() -> None:
    class Denied(FakeS3):
        def paginate(self, **_: str) -> list[dict[str, Any]]:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "ListObjectsV2")

    s3: Any = Denied({})
    with pytest.raises(LookError, match="s3://the-images/runs/ cannot be listed"):
        newest_in_bucket(s3, "the-images", 3)

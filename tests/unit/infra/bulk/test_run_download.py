"""The download of a run's results, from a bucket in memory into a real folder."""

import errno
import io
import os
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError
from botocore.response import StreamingBody
from infra.bulk.run_download import RunDownload, find_target, require_writable
from infra.bulk.stack import BulkError

RUN = "runs/run-1"
WRITTEN_AT = datetime(2026, 11, 29, 12, tzinfo=UTC)


class Bucket:
    """A client of boto3, for one bucket in memory with pages of two keys.

    Attributes:
        reads: the number of reads of each key.
        cut: how many of the next bodies end too early.
    """

    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects
        self.times = dict.fromkeys(objects, WRITTEN_AT)
        self.reads = Counter[str]()
        self.cut = 0

    def get_paginator(self, _: str) -> "Bucket":
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:  # noqa: N803 - the names of boto3
        assert Bucket == "the-images"
        keys = sorted(key for key in self.objects if key.startswith(Prefix))
        for page in [keys[at : at + 2] for at in range(0, len(keys), 2)] or [[]]:
            found = [{"Key": k, "Size": len(self.objects[k]), "LastModified": self.times[k]} for k in page]
            yield {"Contents": found} if found else {}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803 - the names of boto3
        assert Bucket == "the-images"
        self.reads[Key] += 1
        body = self.objects[Key]
        is_cut, self.cut = self.cut > 0, self.cut - 1
        content = io.BytesIO(body[:-1] if is_cut else body)
        return {"Body": StreamingBody(content, len(body)), "LastModified": self.times[Key]}


@pytest.fixture
def bucket() -> Bucket:
    parts = {f"{RUN}/images/{number}.jsonl.gz": b"rows %d" % number for number in range(5)}
    lists = {f"{RUN}/{name}": name.encode() * 9 for name in ("failed.jsonl", "retryable.jsonl", "summary.json")}
    others = {
        f"{RUN}/batches/1.json": b"1",
        f"{RUN}/images/": b"",
        f"{RUN}/summary.json.bak": b"",
        "runs/run-2/images/x": b"",
    }
    return Bucket({**parts, **lists, **others})


def download(bucket: Bucket, folder: Path) -> RunDownload:
    made = RunDownload(bucket, "the-images", "run-1", folder)
    made.download()
    return made


def files(folder: Path) -> dict[str, bytes]:
    found = [path for path in folder.rglob("*") if path.is_file() and path.name != ".download"]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_download_writes_table_lists_and_summary_under_their_keys(bucket: Bucket, tmp_path: Path) -> None:
    done = download(bucket, tmp_path)
    wanted = [f"images/{n}.jsonl.gz" for n in range(5)] + ["failed.jsonl", "retryable.jsonl", "summary.json"]
    assert files(tmp_path) == {f"{RUN}/{name}": bucket.objects[f"{RUN}/{name}"] for name in wanted}
    assert (done.parts, done.files, done.unchanged) == (5, 8, 0)
    assert done.bytes == sum(map(len, files(tmp_path).values()))


def test_same_command_downloads_only_what_is_missing_or_has_changed(bucket: Bucket, tmp_path: Path) -> None:
    download(bucket, tmp_path)
    names = [f"{RUN}/images/{n}.jsonl.gz" for n in range(4)]
    (tmp_path / names[0]).unlink()
    bucket.objects[names[1]] = b"longer rows"
    bucket.times[names[2]] += timedelta(seconds=1)
    (tmp_path / names[3]).with_name(".3.jsonl.gz.part").write_bytes(b"left by a command that was killed")
    (tmp_path / names[3]).unlink()
    bucket.reads.clear()

    done = download(bucket, tmp_path)

    assert bucket.reads == dict.fromkeys(names, 1)
    assert (done.files, done.unchanged) == (8, 4)
    assert {name: bucket.objects[name] for name in names}.items() <= files(tmp_path).items()
    assert not list(tmp_path.rglob("*.part"))


def test_download_repeats_a_body_that_was_cut(bucket: Bucket, tmp_path: Path) -> None:
    bucket.cut = 2
    assert download(bucket, tmp_path).files == 8
    assert bucket.reads.total() == 10


@pytest.mark.parametrize("fault", ["cut", "full", "stopped"])
def test_download_leaves_no_half_file_when_it_fails(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    expected: type[BaseException] = {"cut": BotoCoreError, "full": BulkError, "stopped": KeyboardInterrupt}[fault]

    def fail(*_: object, **__: object) -> None:
        raise KeyboardInterrupt if fault == "stopped" else OSError(errno.ENOSPC, "No space left on device")

    if fault == "cut":
        bucket.cut = 1000
    else:
        monkeypatch.setattr(os, "utime", fail)
    with pytest.raises(expected) as raised:
        download(bucket, tmp_path)

    assert fault != "full" or str(raised.value).endswith("cannot be written: No space left on device.")
    assert files(tmp_path) == {}
    monkeypatch.undo()
    bucket.cut = 0
    assert download(bucket, tmp_path).files == 8


@pytest.mark.parametrize(
    "name",
    ["../../../x", "..", "a/../../../../../x", "/etc/x", "//x", "a//x", "./x", "a/./x", "a\\..\\x", "a\0x", "out/x"],
)
def test_key_that_leaves_the_folder_is_refused(bucket: Bucket, tmp_path: Path, name: str) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "f" / RUN / "images").mkdir(parents=True)
    (tmp_path / "f" / RUN / "images" / "out").symlink_to(tmp_path / "elsewhere")
    bucket.objects = {f"{RUN}/images/{name}": b"x"}
    bucket.times = dict.fromkeys(bucket.objects, WRITTEN_AT)

    with pytest.raises(BulkError, match=r"names a file outside of .*\. It was not downloaded\."):
        download(bucket, tmp_path / "f")

    assert not bucket.reads
    assert files(tmp_path) == {}


@pytest.mark.parametrize("name", ["a.jsonl.gz", "0" * 64 + ".jsonl.gz", "..a", "ä b", "a/b"])
def test_key_below_the_folder_names_its_file(tmp_path: Path, name: str) -> None:
    assert find_target(tmp_path, f"{RUN}/images/{name}") == tmp_path / RUN / "images" / name


@pytest.mark.parametrize("name", ["file", "file/below", "x" * 300])
def test_folder_that_cannot_be_written_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(BulkError, match=r"OUT=.* cannot be written: (File |Not a )(exists|directory|name too long)\."):
        require_writable(tmp_path / name)


@pytest.mark.parametrize("name", ["runs", "runs/run-1", "runs/run-1/images"])
def test_download_names_the_file_that_stands_where_a_folder_must_be(bucket: Bucket, tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(BulkError, match=r"/runs.* cannot be written: (File exists|Not a directory)\."):
        download(bucket, tmp_path)


def test_folder_is_created_and_stays_empty(tmp_path: Path) -> None:
    require_writable(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []

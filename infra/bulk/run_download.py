"""Downloads the results of a run into a folder: the parts of its table, the lists of what failed, and the summary.

The folder has the layout of `make run`: `folder/runs/{run}/images/….jsonl.gz`. A file has the time of its object, so
the same command downloads only what is missing or has changed. The summary is last: a folder with it is complete.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from tempfile import TemporaryFile
from threading import Event
from typing import Any

from botocore.exceptions import BotoCoreError

from infra.bulk.stack import MAX_CONNECTIONS, BulkError
from infra.command.file_lock import exclusive_lock
from intake.model.object_keys import failed_key, retryable_key, summary_key, table_prefix

_ATTEMPTS = 3
_CHUNK_BYTES = 1024 * 1024


class _StoppedError(Exception):
    """Another thread has met Ctrl-C or an error."""


@dataclass
class RunDownload:
    """The download of one run.

    Attributes:
        s3: a client of boto3.
        bucket: the image bucket.
        run: the name of the run.
        folder: what the files are written below.
        parts: the parts of the table that are in the folder.
        files: the files that are in the folder, the parts included.
        unchanged: how many of the files an earlier command has downloaded.
        bytes: the size of all files.
    """

    s3: Any
    bucket: str
    run: str
    folder: Path
    parts: int = 0
    files: int = 0
    unchanged: int = 0
    bytes: int = 0
    _stopped: Event = field(default_factory=Event)

    @property
    def path(self) -> Path:
        """The folder of the run."""
        return self.folder / "runs" / self.run

    def download(self) -> None:
        """Download what is missing or has changed.

        Raises:
            BulkError: a key names a file outside of the folder, or a file cannot be written.
        """
        names = [name(self.run) for name in (table_prefix, failed_key, retryable_key, summary_key)]
        try:
            with exclusive_lock(self.path / ".download", "Another command downloads this run: waiting for it ..."):
                for page in chain.from_iterable(map(self._list, names)):
                    self._download_page(page)
        except OSError as error:
            raise BulkError(f"{error.filename or self.path} cannot be written: {error.strerror}.") from error

    def _list(self, name: str) -> Iterator[list[dict[str, Any]]]:
        """Yield the object of this name, or those of this prefix, without the folders that the S3 console creates."""
        is_prefix = name.endswith("/")
        for page in self.s3.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=name):
            found = page.get("Contents", [])
            yield [one for one in found if (one["Key"] == name) != is_prefix and not one["Key"].endswith("/")]

    def _download_page(self, page: list[dict[str, Any]]) -> None:
        targets = [(find_target(self.folder, found["Key"]), found) for found in page]
        with ThreadPoolExecutor(MAX_CONNECTIONS) as threads:
            try:
                for is_new, (_, found) in zip(threads.map(self._download, targets), targets, strict=True):
                    self.files += 1
                    self.parts += found["Key"].startswith(table_prefix(self.run))
                    self.unchanged += not is_new
                    self.bytes += found["Size"]
            except BaseException:
                self._stopped.set()
                raise
        if len(targets) > 1:
            print(f"  {self.files:,} files, {self.bytes:,} bytes", flush=True)

    def _download(self, wanted: tuple[Path, dict[str, Any]]) -> bool:
        """Download an object, and return whether it was not in the folder yet."""
        target, found = wanted
        if self._stopped.is_set():
            raise _StoppedError
        if _is_current(target, found):
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        self._write(target, found["Key"])
        return True

    def _write(self, target: Path, key: str) -> None:
        """Write a file under another name first, so that no half file has its name."""
        unfinished = target.with_name(f".{target.name}.part")
        try:
            for attempt in range(_ATTEMPTS):
                try:
                    modified = self._copy(key, unfinished)
                    break
                except BotoCoreError:  # the connection is lost; boto3 repeats only what is before the body
                    if attempt == _ATTEMPTS - 1:
                        raise
            os.utime(unfinished, (modified, modified))
            unfinished.replace(target)
        finally:
            unfinished.unlink(missing_ok=True)

    def _copy(self, key: str, path: Path) -> float:
        """Copy an object into a file, and return when the object was written."""
        response = self.s3.get_object(Bucket=self.bucket, Key=key)
        with path.open("wb") as file, closing(response["Body"]) as body:
            for chunk in body.iter_chunks(_CHUNK_BYTES):
                if self._stopped.is_set():
                    raise _StoppedError
                file.write(chunk)
        modified: float = response["LastModified"].timestamp()
        return modified


def require_writable(folder: Path) -> None:
    """Create a folder if it does not exist.

    Raises:
        BulkError: no file can be written into it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BulkError(f"OUT={folder} cannot be written: {error.strerror}.") from error


def find_target(folder: Path, key: str) -> Path:
    """Return the file of an object.

    Raises:
        BulkError: the file would be somewhere else than the key says, for example outside of the folder.
    """
    target = folder / key
    has_odd_part = any(part in {"", ".", ".."} or "\\" in part or "\0" in part for part in key.split("/"))
    if has_odd_part or not target.resolve().is_relative_to(folder.resolve()):
        raise BulkError(f"the key {key!r} names a file outside of {folder}. It was not downloaded.")
    return target


def _is_current(target: Path, found: dict[str, Any]) -> bool:
    try:
        status = target.stat()
    except OSError:
        return False
    return status.st_size == found["Size"] and int(status.st_mtime) == int(found["LastModified"].timestamp())

"""Patch of Lambda: the processes of functions with the same code read it from one folder."""

import hashlib
import importlib
import os
import tempfile
import threading
import zipfile
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

_EXTRACTING = threading.Lock()
"""One thread extracts, the others wait. Not an attribute: each ZipFile has a lock of its own under `_lock`."""


def apply() -> None:
    """Replace the class with which MiniStack extracts the code of a function."""
    runtime: Any = importlib.import_module("ministack.core.lambda_runtime")
    runtime.zipfile = SimpleNamespace(**{**vars(zipfile), "ZipFile": SharedZipFile})


class SharedZipFile(zipfile.ZipFile):
    """A zip that is extracted once, however often its code is asked for.

    AWS: a function reads its code from /var/task, which it cannot write to.
    MiniStack: extracts thousands of files for each process of a function, and they have to be deleted at the end.
    """

    def extractall(
        self,
        path: str | os.PathLike[str] | None = None,
        members: Iterable[str | zipfile.ZipInfo] | None = None,
        pwd: bytes | None = None,
    ) -> None:
        """Replace an empty folder with a link to the folder that has the content of this zip."""
        del members, pwd  # MiniStack gives neither
        folder, target = Path(path or os.curdir), self._extract_once()
        folder.rmdir()
        folder.symlink_to(target, target_is_directory=True)

    def _extract_once(self) -> Path:
        code = Path(os.fsdecode(self.filename or "")).read_bytes()
        target = Path(tempfile.gettempdir(), f"code-{hashlib.sha256(code).hexdigest()}")
        with _EXTRACTING:
            if not target.exists():
                unfinished = target.with_suffix(".unfinished")
                super().extractall(unfinished)
                unfinished.rename(target)
        return target

"""Lets a `FileStore` fill a disk of 2 MB, in a mount namespace (`unshare --mount`), and prints what happened as JSON.

`python -m support.small_disk MOUNT_POINT KIND`; the kind is one of `file_systems`, or `fsync`.
"""

import asyncio
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from infra.run.file_store import FileStore

from intake.model.error_codes import StoreFailed
from support.file_systems import ELSEWHERE, file_system, link_folders
from support.folder_writer import body_of, put

SIZE = 20_000


def _mount(folder: Path, options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "none", folder], check=True)


async def _fill(store: FileStore, size: int) -> dict[str, Any]:
    """Store images until one fails, then a document. Say what happened."""
    number = 0
    try:
        while number < 1000:
            await put(store, body_of(number, size))
            number += 1
    except StoreFailed as error:
        result = {"stored": number, "reason": (error.reason or "").partition(": ")[2], "code": error.code}
    try:
        await store.put_document("receipts/a.json", bytes(100_000))
        result["document"] = "stored"
    except StoreFailed as error:
        result["document"] = error.message
    return result | {"fault": None if store.fault is None else store.fault.errno}


def _look(folder: Path) -> dict[str, Any]:
    images = _find(folder, "*.jpg")
    whole = [path for path in images if hashlib.sha256(path.read_bytes()).hexdigest() == path.stem]
    leftovers = _find(folder, "*.part") + _find(folder, "*.elsewhere")
    return {"images": len(images), "whole": len(whole), "leftovers": len(leftovers)}


async def _use(folder: Path, *, fsync: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """Fill the disk; remove four images, and store another one. Say what happened before and after."""
    store = FileStore(folder, fsync=fsync)
    full = await _fill(store, SIZE) | _look(folder)
    _remove_images(folder, 4)
    with_space = {"new": await put(store, body_of(10_000, SIZE))} | _look(folder)
    await store.aclose()
    return full, with_space


def _remove_images(folder: Path, number: int) -> None:
    for path in _find(folder, "*.jpg")[:number]:
        path.unlink()


def _find(folder: Path, pattern: str) -> list[Path]:
    return list(folder.rglob(pattern, recurse_symlinks=True))


def _open_again(folder: Path, options: str) -> int | None:
    """Change the options of the disk, and open the folder. Return the number of the error."""
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)
    try:
        FileStore(folder)
    except OSError as error:
        return error.errno
    return None


def main(folder: Path, kind: str) -> None:
    other = folder.with_name(f"{folder.name}-other")
    other.mkdir()
    results: dict[str, Any] = {}
    for name, options in (("size", "size=2m"), ("files", "size=20m,nr_inodes=60")):
        _mount(folder, options)
        if kind == ELSEWHERE:
            _mount(other, options)
            link_folders(folder, other)
        results[name], results[f"{name}, with space"] = asyncio.run(_use(folder, fsync=kind == "fsync"))
    results["read-only"], results["writable"] = _open_again(folder, "ro"), _open_again(folder, "rw")
    print(json.dumps(results))


if __name__ == "__main__":
    with file_system(sys.argv[2]):
        main(Path(sys.argv[1]), sys.argv[2])

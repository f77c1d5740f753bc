"""Processes that store images and documents in one folder at the same time, for the tests of `FileStore`.

`python -m support.folder_writer` forks them, because a process that imports everything anew takes a second to start.
"""

import asyncio
import hashlib
import json
import os
import random
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from infra.run.file_store import FileStore

from intake.model.image_info import ImageInfo
from intake.model.object_keys import image_key
from support.file_systems import file_system

IMAGE = ImageInfo("jpeg", 1, 1, 1, "image/jpeg", "jpg")
"""The facts of every image. The store does not look at them."""

COUNTER = "receipts/counter.json"


def body_of(number: int, size: int) -> bytes:
    return random.Random(number).randbytes(size)


async def put(store: FileStore, body: bytes) -> bool:
    """Store bytes as an image; return whether they were new."""
    digest = hashlib.sha256(body).hexdigest()
    return not await store.put_image(image_key(digest, IMAGE), IMAGE, memoryview(body), digest)


async def put_many(store: FileStore, *, count: int, size: int) -> list[bool]:
    """Store the same images as every other process."""
    return [await put(store, body_of(number, size)) for number in range(count)]


async def count_up(store: FileStore, *, times: int) -> int:
    """Add to the number in a document, which other processes change too. Return how often another one was first."""
    conflicts = 0
    for _ in range(times):
        while True:
            found = await store.get_document(COUNTER)
            number = 0 if found is None else int(found.body)
            if await store.replace_document(COUNTER, b"%d" % (number + 1), None if found is None else found.version):
                break
            conflicts += 1
    return conflicts


async def write_forever(store: FileStore, *, seed: int) -> None:
    """Store images of all sizes and replace receipts, until the process is killed."""
    chance = random.Random(seed)
    for number in range(1_000_000):
        await put(store, chance.randbytes(chance.choice((100, 20_000, 150_000, 600_000))))
        receipt = json.dumps({"number": number, "padding": "x" * chance.randrange(100_000)}).encode()
        await store.put_document(f"receipts/{chance.randrange(5)}.json", receipt)
        await count_up(store, times=1)
        if not number:
            _print("started")


WORK: dict[str, Callable[..., Awaitable[Any]]] = {work.__name__: work for work in (put_many, count_up, write_forever)}


def _print(result: object) -> None:
    os.write(1, json.dumps({"process": os.getpid(), "result": result}).encode() + b"\n")  # one write: one whole line


def _run(work: str, folder: str, kind: str, options: Any) -> None:
    """Do the work, and print what it returns. The kind is one of `file_systems`, or `fsync`."""

    async def main() -> Any:
        return await WORK[work](FileStore(Path(folder), fsync=kind == "fsync"), **options)

    with file_system(kind):
        _print(asyncio.run(main()))


def _start(command: Any) -> None:
    if not os.fork():
        status = 1
        try:
            _run(**command)
            status = 0
        except BaseException as error:
            _print(f"{error!r}")
            raise
        finally:
            os._exit(status)


def _kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    _print(f"killed {process}")


def main() -> None:
    """Read commands from stdin, one a line: start a process with this work, or kill the process with this number."""
    for line in sys.stdin:
        command = json.loads(line)
        if isinstance(command, int):
            _kill(command)
        else:
            _start(command)


if __name__ == "__main__":
    main()

"""Decoders that do what a hostile image might make real ones do. Child processes run them in place of those.

The bytes of an image name what happens, for example `crash`.
"""

import ctypes
import json
import os
import resource
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import intake
from intake.decode.verdict import Verdict

DECODERS: dict[str, str] = {}
_leaked: list[bytearray] = []
_decoded: list[str] = []


def install(folder: Path) -> None:
    """Make a package `intake` in a folder, whose child program has these decoders."""
    shutil.copytree(Path(intake.__file__).parent, folder / "intake", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(__file__, folder / "intake" / "decode" / "decoders.py")


def decode(body: memoryview, image_type: str, max_pixels: int) -> tuple[Verdict, str]:
    """Do what the bytes say, and return what the test wants to know."""
    word = bytes(body).partition(b" ")[0].decode()
    _decoded.append(word)
    del image_type, max_pixels
    _ACTIONS.get(word, _do_nothing)()
    if word == "broken":
        return Verdict.DAMAGED, "broken"
    return Verdict.WHOLE, json.dumps(_describe()) if word == "facts" else str(_decoded)


def _do_nothing() -> None:
    pass


def _loop() -> None:
    while True:
        pass


def _crash() -> None:
    ctypes.string_at(0)


def _crash_if_damaged() -> None:
    if _leaked:
        _crash()


def _print() -> None:
    print("verdict", flush=True)
    print("verdict", file=sys.stderr, flush=True)


_ACTIONS: dict[str, Callable[[], object]] = {
    "crash": _crash,
    "illegal": partial(signal.raise_signal, signal.SIGILL),
    "abort": os.abort,
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "exit": partial(os._exit, 3),
    "loop": _loop,
    "sleep": partial(time.sleep, 60),
    "allocate": partial(bytearray, 1 << 40),
    "leak": lambda: _leaked.append(bytearray(200 << 20)),
    "damage": lambda: _leaked.append(bytearray(1)),  # of the memory of the process
    "victim": _crash_if_damaged,
    "noise": _print,
}


def _describe() -> dict[str, object]:
    """Return what a decoder can reach."""
    sockets: list[socket.socket] = []
    try:
        while len(sockets) < 100:
            sockets.append(socket.socket())
    except OSError:
        pass
    limits = (resource.RLIMIT_AS, resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)
    for opened in sockets:
        opened.close()
    return {
        "network": [name for _, name in socket.if_nameindex() if name != "lo"],
        "environment": sorted(os.environ),
        "limits": [resource.getrlimit(limit) for limit in limits],
        "descriptors": len(sockets),
        "parent": os.getppid(),
    }

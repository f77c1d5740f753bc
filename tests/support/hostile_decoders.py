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
    match word:
        case "crash":
            ctypes.string_at(0)
        case "illegal":
            os.kill(os.getpid(), signal.SIGILL)
        case "abort":
            os.abort()
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(3)
        case "loop":
            while True:
                pass
        case "sleep":
            time.sleep(60)
        case "allocate":
            bytearray(1 << 40)
        case "leak":
            _leaked.append(bytearray(200 << 20))
        case "damage":
            _leaked.append(bytearray(1))  # of the memory of the process: the next image makes it crash
        case "victim" if _leaked:
            ctypes.string_at(0)
        case "noise":
            print("verdict", flush=True)
            print("verdict", file=sys.stderr, flush=True)
        case "broken":
            return Verdict.DAMAGED, "broken"
    return Verdict.WHOLE, json.dumps(_describe()) if word == "facts" else str(_decoded)


def _describe() -> dict[str, object]:
    """Return what a decoder can reach."""
    sockets: list[socket.socket] = []
    try:
        while len(sockets) < 100:
            sockets.append(socket.socket())
    except OSError:
        pass
    limits = (resource.RLIMIT_AS, resource.RLIMIT_CORE, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)
    return {
        "environment": sorted(os.environ),
        "limits": [resource.getrlimit(limit) for limit in limits],
        "descriptors": len(sockets),
        "parent": os.getppid(),
    }

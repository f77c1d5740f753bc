"""An origin that kills the process that sends it a request: an invocation that ends in the middle."""

import os
import re
import signal
from pathlib import Path

from support.origin.behaviour import IMAGE, Reader, Request, Writer, response_with, send

_TIMES = re.compile(r"/killer/(\d+)-")


async def kill_client(_: Reader, writer: Writer, request: Request) -> None:
    """Kill the client at the first requests of a path, then answer: "killer/2-a" kills two."""
    match = _TIMES.match(request.target)
    assert match is not None
    if request.nth <= int(match[1]):
        os.kill(_find_process(writer.get_extra_info("peername")[1]), signal.SIGKILL)
    else:
        await send(writer, response_with(IMAGE))


def _find_process(port: int) -> int:
    """Return the process below this one that has a connection from a port of 127.0.0.1."""
    connections = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    [inode] = [fields[9] for fields in connections if fields[1] == f"0100007F:{port:04X}"]
    [found] = [process for process in _find_children(os.getpid()) if _has_socket(process, inode)]
    return found


def _find_children(parent: int) -> list[int]:
    """Return the processes below a process, at any depth."""
    threads = Path(f"/proc/{parent}/task").glob("*/children")
    children = [int(child) for thread in threads for child in thread.read_text().split()]
    return children + [below for child in children for below in _find_children(child)]


def _has_socket(process: int, inode: str) -> bool:
    return any(str(file.readlink()) == f"socket:[{inode}]" for file in Path(f"/proc/{process}/fd").iterdir())

"""An origin that kills the process that sends it a request: an invocation that ends in the middle."""

import os
import re
import signal
import socket
import sys
from pathlib import Path

from support.origin.behaviour import IMAGE, Reader, Request, Writer, response_with, send

type _Address = tuple[str, int]

_TIMES = re.compile(r"/[a-z-]+/(\d+)-")


async def kill_client(_: Reader, writer: Writer, request: Request) -> None:
    """Kill the client at the first requests of a path, then answer: "/killer/2-a" kills two."""
    match = _TIMES.match(request.target)
    assert match is not None
    if request.nth <= int(match[1]):
        client, server = (writer.get_extra_info(name) for name in ("peername", "sockname"))
        os.kill(_find_process(client, server), signal.SIGKILL)
    else:
        await send(writer, response_with(IMAGE))


def _find_process(client: _Address, server: _Address) -> int:
    """Return the process below this one whose socket is the client's end of a connection.

    Both ends are compared: a process may use one port of its own for connections to several servers.
    """
    connections = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    ends = [_as_in_proc(client), _as_in_proc(server)]
    [inode] = [fields[9] for fields in connections if fields[1:3] == ends]
    [found] = [process for process in _find_children(os.getpid()) if _has_socket(process, inode)]
    return found


def _as_in_proc(address: _Address) -> str:
    """Return an address as /proc/net/tcp writes it: bytes in the machine's order, and the port as a number."""
    host, port = address
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"


def _find_children(parent: int) -> list[int]:
    """Return the processes below a process, at any depth."""
    threads = Path(f"/proc/{parent}/task").glob("*/children")
    children = [int(child) for thread in threads for child in thread.read_text().split()]
    return children + [below for child in children for below in _find_children(child)]


def _has_socket(process: int, inode: str) -> bool:
    return any(str(file.readlink()) == f"socket:[{inode}]" for file in Path(f"/proc/{process}/fd").iterdir())

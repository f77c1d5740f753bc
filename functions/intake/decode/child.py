"""The program of the child process: decodes images, one after the other, until its parent closes the socket.

A request is one message with a descriptor of the bytes (SCM_RIGHTS, unix(7)):

    {"type": "jpeg", "max_pixels": 50000000, "seconds": 15.0}

The response is {"verdict": "damaged", "reason": "..."}. Before the first request, the child sends READY.

The decoders read untrusted bytes, so the process has limits that it cannot raise: memory, descriptors, no core dump, no
file. The kernel kills it when its parent ends. A timer ends it if an image takes longer than its parent should wait.
"""

import ctypes
import json
import mmap
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module

from intake.decode.decoders import DECODERS, decode
from intake.decode.verdict import Verdict

READY = b"ready"
MAX_MESSAGE_BYTES = 4096
EXTRA_SECONDS = 5.0
"""Seconds after the time limit of an image at which the timer ends the child. The parent normally kills it before."""

_MAX_DESCRIPTORS = 16
_MAX_REASON = 300
_PR_SET_PDEATHSIG = 1
"""prctl(2)"""


def main(parent: int, memory: int) -> None:
    """Run the child.

    Args:
        parent: the process id of the parent.
        memory: the maximum size of the address space, in bytes.
    """
    _leave_network()
    _end_with_parent(parent)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # the parent may ignore it, which children inherit
    _set_limit(resource.RLIMIT_AS, memory)
    _set_limit(resource.RLIMIT_CORE, 0)
    _set_limit(resource.RLIMIT_FSIZE, 0)
    for name in sorted(set(DECODERS.values())):
        import_module(f"intake.decode.{name}")
    _set_limit(resource.RLIMIT_NOFILE, _MAX_DESCRIPTORS)
    with socket.socket(fileno=os.dup(sys.stdin.fileno())) as channel:
        # Decoders print untrusted text, so drop it. Until here, stderr says why a child did not start.
        os.dup2(sys.stdout.fileno(), sys.stderr.fileno())
        channel.sendall(READY)
        _serve(channel, max_growth=(memory - _address_space()) // 4)


def _serve(channel: socket.socket, max_growth: int) -> None:
    """Answer requests. End after an image that left the process much larger: the next one gets a new process."""
    first_size = _address_space()
    while _address_space() - first_size <= max_growth:
        message, descriptors, _, _ = socket.recv_fds(channel, MAX_MESSAGE_BYTES, 1)
        if not message:
            return
        request = json.loads(message)
        signal.setitimer(signal.ITIMER_REAL, request["seconds"] + EXTRA_SECONDS)
        verdict, reason = _decode(descriptors[0], request["type"], request["max_pixels"])
        signal.setitimer(signal.ITIMER_REAL, 0)
        channel.sendall(json.dumps({"verdict": verdict, "reason": reason[:_MAX_REASON]}).encode())


def _decode(descriptor: int, image_type: str, max_pixels: int) -> tuple[Verdict, str]:
    try:
        # Do not close the map: a decoder may still refer to the bytes.
        body = mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ, trackfd=False)
        return decode(memoryview(body), image_type, max_pixels)
    except (MemoryError, OSError) as error:  # mmap(2) fails with ENOMEM
        return Verdict.UNSURE, f"the memory limit is too small: {error}"
    finally:
        os.close(descriptor)


def _leave_network() -> None:
    """Enter a namespace without network, where the kernel lets a process without privileges do that (unshare(2))."""
    with suppress(OSError):
        os.unshare(os.CLONE_NEWUSER | os.CLONE_NEWNET)


def _end_with_parent(parent: int) -> None:
    """Let the kernel kill this process when its parent ends. Exit if the parent has already ended.

    Entering a namespace changes the credentials of the process, which resets this (prctl(2)). So enter it first.
    """
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit()


def _set_limit(limit: int, value: int) -> None:
    resource.setrlimit(limit, (value, value))


def _address_space() -> int:
    """Return the size of the address space in bytes (proc_pid_statm(5))."""
    with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 - pathlib would be imported for this line alone
        return int(file.read().split()[0]) * mmap.PAGESIZE

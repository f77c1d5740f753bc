"""ChildProcess: one process that runs the program `child.py`, seen from its parent."""

import asyncio
import ctypes
import json
import os
import signal
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from contextlib import suppress
from typing import Self

from intake.decode.verdict import Verdict
from intake.model.limits import MIB

_START_SECONDS = 20.0
"""How long a child may take to import the decoders. With little memory, a function has a small part of a processor."""

_READY = b"ready"
_MAX_MESSAGE_BYTES = 4096
_PROGRAM = (
    "import sys; parent, memory, *sys.path = sys.argv[1:]; "
    "from intake.decode.child import main; main(int(parent), int(memory))"
)
_OPTIONS = "-ISB"
"""Isolated, without site, and writing no bytecode (Python's command line)."""

# Use one thread: in glibc, each further thread reserves 64 MiB of the limited address space.
_VARIABLES = {"MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "VIPS_CONCURRENCY": "1"}
_VARIABLES["VIPS_WARNING"] = "0"  # otherwise libvips prints warnings with text of untrusted files
_VARIABLES["VIPS_DISC_THRESHOLD"] = (
    "100g"  # otherwise libvips writes pictures of more than 100 MB to files: not allowed
)
_INHERITED = "LD_LIBRARY_PATH"
"""The Python of the Lambda runtime does not start without it."""

_PR_SET_DUMPABLE = 4
"""prctl(2)"""

_CRASHES = frozenset({signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE})
"""Signals of a decoder that crashed on the bytes of an image.

Other signals do not prove that: a library aborts if it gets no memory, and the kernel kills if the machine has none.
"""


class ChildDied(Exception):
    """A child ended before it had a verdict.

    Attributes:
        verdict: the verdict on the image, if no other image can be the cause.
        reason: how it ended.
        had_images: whether the child had decoded other images before, or ended before it received this one.
    """

    def __init__(self, verdict: Verdict, reason: str, *, had_images: bool) -> None:
        super().__init__(reason)
        self.verdict = verdict
        self.reason = reason
        self.had_images = had_images


class ChildProcess:
    """One child. It has no credentials: it inherits no environment variable but the path of libraries."""

    def __init__(self, process: Process, channel: socket.socket) -> None:
        self._had_images = False
        self._process = process
        self._channel = channel

    @classmethod
    async def start(cls, memory: int) -> Self:
        """Start a child, and wait until it can decode.

        Args:
            memory: the maximum size of its address space, in bytes.

        Raises:
            OSError: this process cannot start another one.
            RuntimeError: the child ended, or was not ready in time. It has printed why.
        """
        _hide_memory()
        ours, theirs = socket.socketpair()
        with theirs:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *(_OPTIONS, "-c", _PROGRAM, str(os.getpid()), str(memory), *sys.path),
                stdin=theirs.fileno(),
                stdout=DEVNULL,
                env=_VARIABLES | {name: text for name, text in os.environ.items() if name == _INHERITED},
                start_new_session=True,  # Ctrl-C ends the parent, which may still need the child
            )
        ours.settimeout(0)  # the event loop waits for it
        child = cls(process, ours)
        try:
            async with asyncio.timeout(_START_SECONDS):
                is_ready = await child._receive() == _READY
        except TimeoutError:
            is_ready = False
        except BaseException:
            child.kill()
            raise
        if not is_ready:
            await child.end()
            raise RuntimeError(f"the process of the decoders did not start: exit code {process.returncode}")
        return child

    async def decode(self, body: memoryview, image_type: str, max_pixels: int, seconds: float) -> tuple[Verdict, str]:
        """Decode an image.

        Args:
            body: its bytes.
            image_type: its format.
            max_pixels: the largest canvas that is decoded.
            seconds: the time limit.

        Returns:
            The verdict, and the reason for the log. UNSURE if the time limit is over; then the child is killed.

        Raises:
            ChildDied: the child ended without a verdict.
        """
        had_images, self._had_images = self._had_images, True
        request = {"type": image_type, "max_pixels": max_pixels, "seconds": seconds}
        try:
            async with asyncio.timeout(seconds):
                had_images |= not await self._send(json.dumps(request).encode(), body)
                response = await self._receive()
            if response:
                members = json.loads(response)
                return Verdict(members["verdict"]), str(members["reason"])
        except TimeoutError:
            await self.end()
            return Verdict.UNSURE, f"no verdict within {seconds:.1f} s"
        except BaseException:
            self.kill()  # no process may keep running after the response of the function
            raise
        raise _explain_death(await self.end(), had_images=had_images)

    @property
    def has_ended(self) -> bool:
        """Whether the process has ended, or was killed."""
        return self._channel.fileno() < 0 or self._process.returncode is not None

    async def end(self) -> int:
        """Kill the process, if it has not ended, and return its exit code: negative for a signal."""
        self.kill()
        return await self._process.wait()

    def kill(self) -> None:
        """Kill the process without waiting for its end. The event loop reaps it."""
        self._channel.close()
        if self._process.returncode is None:
            # Not Process.kill: it may reap the process, which loses the exit code (asyncio of Python 3.13.0).
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, signal.SIGKILL)

    async def _send(self, request: bytes, body: memoryview) -> bool:
        """Send a request, and the bytes of the image as a file in memory: they are copied once.

        Returns:
            False if the child has already ended.
        """
        descriptor = os.memfd_create("image")
        try:
            for start in range(0, len(body), MIB):
                os.write(descriptor, body[start : start + MIB])
                await asyncio.sleep(0)  # a large image must not hold up the event loop
            socket.send_fds(self._channel, [request], [descriptor])
        except ConnectionError:
            return False
        finally:
            os.close(descriptor)
        return True

    async def _receive(self) -> bytes:
        """Receive a message; b"" if the child has ended."""
        try:
            return await asyncio.get_running_loop().sock_recv(self._channel, _MAX_MESSAGE_BYTES)
        except ConnectionError:
            return b""


def _hide_memory() -> None:
    """Hide the memory and the environment of this process from other processes of its user: they contain credentials.

    Otherwise, a child that was taken over could read them in /proc (proc_pid_environ(5), PR_SET_DUMPABLE).
    """
    ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0)


def _explain_death(exit_code: int, *, had_images: bool) -> ChildDied:
    if exit_code >= 0:
        reason = f"the decoder ended the process with exit code {exit_code}"
        return ChildDied(Verdict.UNSURE, reason, had_images=had_images)
    number = signal.Signals(-exit_code)
    verdict = Verdict.DAMAGED if number in _CRASHES else Verdict.UNSURE
    return ChildDied(verdict, f"the process of the decoder was ended by {number.name}", had_images=had_images)

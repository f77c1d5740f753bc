"""DecoderProcess: runs a decoder in a child process, which may crash, hang or ask for much memory."""

import os
import resource
import signal
import sys
import time
import warnings
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[1]), str(HERE.parents[2] / "functions")]

from bench.decoder_candidates import CANDIDATES  # noqa: E402 - the path comes first

MAX_ADDRESS_BYTES = 3 * 1024**3


class CheckResult(NamedTuple):
    """What a decoder said of one body.

    Attributes:
        verdict: a Verdict, or `crash` or `timeout`.
        text: what it said.
        cpu: seconds of CPU.
        peak: MiB that the process has had at most.
    """

    verdict: str
    text: str
    cpu: float
    peak: float


class DecoderProcess:
    """A child process that runs one decoder, and another one after a crash."""

    def __init__(self, decoder: str, timeout: float = 120) -> None:
        self._decoder = decoder
        self._timeout = timeout
        self._context = get_context("spawn")
        self._start()

    def _start(self) -> None:
        self._connection, theirs = self._context.Pipe()
        self._process = self._context.Process(target=serve, args=(theirs, self._decoder), daemon=True)
        self._process.start()
        theirs.close()

    def check(self, body: bytes, image_type: str) -> CheckResult:
        """Let the decoder read a body."""
        began = time.monotonic()
        try:
            self._connection.send((body, image_type))
            if self._connection.poll(self._timeout):
                result: CheckResult = self._connection.recv()
                return result
            text = "timeout"
        except (EOFError, OSError):
            text = "crash"
        self.close()
        code = self._process.exitcode
        self._start()
        return CheckResult(text, f"exit code {code}", time.monotonic() - began, 0)

    def close(self) -> None:
        if self._process.is_alive() and not self._connection.closed:
            self._connection.close()
            self._process.join(0.2)
        if self._process.is_alive():
            os.kill(self._process.pid or 0, signal.SIGKILL)
        self._process.join()


def serve(connection: Connection, decoder: str) -> None:
    """Answer until the parent closes its end. Runs in the child."""
    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (MAX_ADDRESS_BYTES, MAX_ADDRESS_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())  # libraries print what they find
    check = CANDIDATES[decoder].check
    while True:
        try:
            body, image_type = connection.recv()
        except EOFError:
            return
        began = time.process_time()
        verdict: str
        try:
            verdict, text = check(body, image_type)
        except MemoryError as error:
            verdict, text = "memory", repr(error)
        except Exception as error:  # noqa: BLE001 - a decoder may raise anything
            verdict, text = "error", f"{type(error).__name__}: {error}"
        cpu = time.process_time() - began
        connection.send(CheckResult(str(verdict), text[:300], cpu, _read_peak()))


def _read_peak() -> float:
    """Return the most memory that this process has had, in MiB. ru_maxrss has that of the parent before exec(2)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024

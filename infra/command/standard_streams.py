"""Lets a command go on when nobody reads its output: `| head` has ended, the disk is full, a stream is closed."""

import io
import os
import sys
from collections.abc import Buffer
from contextlib import suppress
from pathlib import Path
from typing import override


class _OptionalOutput(io.RawIOBase):
    """Writes to a descriptor; what cannot be written is lost."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @override
    def fileno(self) -> int:
        return self._descriptor

    @override
    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, data: Buffer, /) -> int:
        with memoryview(data) as view:
            size = view.nbytes
        with suppress(OSError):
            return os.write(self._descriptor, data)
        return size


def make_output_optional() -> None:
    """Replace stdout and stderr, so that writing to them never fails. Each line is written at once.

    A stream that is closed is None in Python. Characters that the encoding does not have are escaped, because the names
    of files may be no text.
    """
    for name in ("stdin", "stdout", "stderr"):  # in the order of their descriptors, which `open` gives again
        stream = getattr(sys, name)
        if stream is None:
            mode = "r" if name == "stdin" else "w"
            setattr(sys, name, Path(os.devnull).open(mode, errors="backslashreplace"))  # noqa: SIM115 - open to the end
        elif name != "stdin" and isinstance(stream, io.TextIOWrapper):
            output = io.BufferedWriter(_OptionalOutput(stream.fileno()))
            setattr(sys, name, io.TextIOWrapper(output, stream.encoding, "backslashreplace", line_buffering=True))

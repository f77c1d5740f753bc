"""Terminal output: colored words, lines, and steps with the seconds that each takes."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

WIDTH = 80
"""Columns that a progress line may have: the width of a terminal that nobody has resized."""

_COLORS = {"green": "32", "red": "31", "yellow": "33", "dim": "2", "bold": "1"}
_DOTS = 56


def colorize(text: str, color: str) -> str:
    """Color a text if stdout is a terminal and NO_COLOR (no-color.org) is not set."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{_COLORS[color]}m{text}\x1b[0m"


def print_line(text: str = "", color: str | None = None) -> None:
    """Print one line at once."""
    print(colorize(text, color) if color else text, flush=True)


@contextmanager
def timed_step(action: str) -> Iterator[None]:
    """Print what is being done, then how it ended: the seconds it took, "stopped" by a signal, or "failed"."""
    print(f"  {action} {'.' * max(3, _DOTS - len(action))} ", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        with suppress(OSError):  # SIGHUP: the terminal is gone
            print_line("stopped", "yellow")
        raise
    except BaseException:
        print_line("failed", "red")
        raise
    print_line(f"{time.monotonic() - began:5.1f} s", "dim")

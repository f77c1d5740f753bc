"""What the commands print: coloured words, lines, and steps with the seconds they take."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

_COLOURS = {"green": "32", "red": "31", "yellow": "33", "dim": "2", "bold": "1"}
_DOTS = 56


def coloured(words: str, colour: str) -> str:
    """In colour where a person looks at a terminal and has not said NO_COLOR (no-color.org)."""
    if not sys.stdout.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return words
    return f"\x1b[{_COLOURS[colour]}m{words}\x1b[0m"


def say(words: str = "", colour: str | None = None) -> None:
    """One line."""
    print(coloured(words, colour) if colour else words, flush=True)


@contextmanager
def step(words: str) -> Iterator[None]:
    """One step: what is being done, at once, and how long it took, at its end."""
    print(f"  {words} {'.' * max(3, _DOTS - len(words))} ", end="", flush=True)
    began = time.monotonic()
    try:
        yield
    except BaseException:
        say("failed", "red")
        raise
    say(f"{time.monotonic() - began:5.1f} s", "dim")

"""Finds holes: long runs of zero bytes in compressed data, where encoders write short ones only.

A download whose length is right and whose tail or middle is zeros is the commonest damage that lengths do not show. How
long a run may be depends on the compression; each format says so, and where it found the figure.
"""

from intake.model.error_codes import CorruptImage

WINDOW = 256 * 1024
"""Bytes that are copied at once, where they must be: a memoryview has no `find`."""

LINEAR_FROM = 2500
"""From this length on, `find` takes linear time. It may compare each byte of a shorter text with each one sought."""


def find_zero_run(view: memoryview, start: int, end: int, length: int, value: int = 0) -> int | None:
    """Return the position of the first `length` zero bytes between two positions, or None.

    It takes about 20 us for 1 MB. `value` is another byte to search for.
    """
    run, other = bytes((value,)) * length, bytes((value ^ 0xFF,))
    whole = view.obj
    if end - start >= LINEAR_FROM and isinstance(whole, (bytes, bytearray)) and len(whole) == len(view):
        found = whole.find(run, start, end)
        return found if found >= 0 else None
    for at in range(start, end - length + 1, WINDOW):
        window = bytes(view[at : min(at + WINDOW + length - 1, end)])
        found = window.ljust(LINEAR_FROM, other).find(run)
        if found >= 0:
            return at + found
    return None


def check_zero_runs(view: memoryview, format_name: str, start: int, end: int, length: int) -> None:
    """Refuse compressed data that has `length` zero bytes in a row.

    Raises:
        CorruptImage: it has.
    """
    found = find_zero_run(view, start, end, length)
    if found is not None:
        message = f"The {format_name} is damaged: its compressed data has a hole of zero bytes."
        raise CorruptImage(message, reason=f"{length} zero bytes at {found}")

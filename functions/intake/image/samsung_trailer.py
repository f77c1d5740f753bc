"""Finds the trailer that Samsung phones append to a JPEG: blocks of data, then a directory of them.

The directory begins with SEFH and ends, at the end of the file, with its length and SEFT. The layout is not published;
ExifTool (Samsung.pm) describes it. Some panoramas have the trailer in place of the EOI marker.
"""

from struct import Struct

HEADER = Struct("<4sII")  # SEFH, version, number of entries
ENTRY = Struct("<4xII")  # how many bytes before the directory the block begins, its bytes
FOOTER = Struct("<I4s")  # bytes of the directory, SEFT
MAX_DIRECTORY_BYTES = 0xFFFF


def find_trailer(view: memoryview) -> int | None:
    """Return the position of the first byte of the trailer, or None if the file does not end with one."""
    footer_at = len(view) - FOOTER.size
    if footer_at < HEADER.size:
        return None
    size, end_mark = FOOTER.unpack_from(view, footer_at)
    if end_mark != b"SEFT" or not HEADER.size <= size <= min(footer_at, MAX_DIRECTORY_BYTES):
        return None
    directory = footer_at - size
    mark, _, count = HEADER.unpack_from(view, directory)
    entries_at = directory + HEADER.size
    if mark != b"SEFH" or entries_at + count * ENTRY.size > footer_at:
        return None
    entries = ENTRY.iter_unpack(view[entries_at : entries_at + count * ENTRY.size])
    start = directory - max((offset for offset, _ in entries), default=0)
    return start if start >= 0 else None

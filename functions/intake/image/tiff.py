"""TIFF and BigTIFF: a chain of directories, each of which points to strips or tiles (TIFF 6.0).

Every page of the chain is a frame, even one of reduced resolution, because readers show each. A directory after the
first that has no size or no data is no page: cameras write some with a thumbnail alone. Directories below a page
(SubIFDs, Exif, GPS) are checked in the same way and not counted. Raw files of cameras have the structure of a TIFF and
are accepted.
"""

from itertools import chain
from typing import TYPE_CHECKING

from intake.image.byte_reader import Reader
from intake.image.pixel_limits import ImageSize, check_frames
from intake.image.tiff_data import PageChecker
from intake.image.tiff_directory import Directories
from intake.image.tiff_page import IMAGE_WIDTH, is_page
from intake.model.error_codes import InvalidImage

if TYPE_CHECKING:
    from intake.image.tiff_directory import Fields
    from intake.model.limits import Limits

    SubDirectory = tuple[int, bool]
    """Its position, and whether it is metadata."""

SUB_DIRECTORIES = {330: False, 34665: True, 34853: True}
"""The tags of SubIFDs, Exif and GPS, and whether they are metadata."""


def parse(view: memoryview, limits: "Limits") -> ImageSize:
    directories = Directories(Reader(view, "TIFF", "the last of its data"))
    checker = PageChecker(directories, limits)
    seen: set[int] = set()
    sizes: list[tuple[int, int]] = []
    sub_directories: list[SubDirectory] = []
    position = directories.first
    while position and position not in seen:  # some writers let the last directory point back at a whole page
        seen.add(position)
        fields, position = directories.read(position)
        if not sizes or is_page(fields):
            check_frames("TIFF", len(sizes) + 1, limits)
            sizes.append(checker.check_page(fields))
        else:
            checker.check_listed_data(fields)
        sub_directories += _list_sub_directories(directories, fields)
    if not sizes:
        raise directories.reader.malformed("it has no directory")
    _check_sub_directories(directories, sub_directories, seen, checker)
    # Private fields may point to any byte of the file, so no byte is known to be behind its end.
    return ImageSize(*sizes[0], len(sizes), directories.reader.end)


def _list_sub_directories(directories: Directories, fields: "Fields") -> "list[SubDirectory]":
    """Return the directories below a page."""
    found: list[SubDirectory] = []
    for tag in SUB_DIRECTORIES.keys() & fields.keys():
        directories.reader.count_parts(fields[tag].length)  # before they are read into memory
        positions = chain.from_iterable(directories.read_values(fields[tag]))
        found += ((position, SUB_DIRECTORIES[tag]) for position in positions)
    return found


def _check_sub_directories(
    directories: Directories, pending: "list[SubDirectory]", seen: set[int], checker: PageChecker
) -> None:
    while pending:
        position, is_metadata = pending.pop()
        if not position or position in seen:
            continue
        seen.add(position)
        try:
            fields, _ = directories.read(position)
        except InvalidImage:
            if is_metadata and directories.is_garbage(position):
                continue
            raise
        if IMAGE_WIDTH in fields:
            checker.check_page(fields)
        else:
            checker.check_listed_data(fields)
        pending += _list_sub_directories(directories, fields)

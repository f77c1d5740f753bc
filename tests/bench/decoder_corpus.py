"""Finds the whole images in folders, and sorts them by how they are compressed."""

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

from bench.decoder_candidates import LIMITS, check_structure
from intake.decode.verdict import Verdict
from intake.image import tiff_page
from intake.image.byte_reader import Reader
from intake.image.formats import FORMATS
from intake.image.tiff_directory import Directories
from intake.image.verify import identify
from intake.model.error_codes import UnsupportedType

_FRAME = re.compile(rb"\xff([\xc0-\xc3\xc5-\xc7\xc9-\xcb\xcd-\xcf])\0[\x0b-\x20][\x08-\x10]")
_JPEG_KINDS = {0xC0: "baseline", 0xC1: "baseline", 0xC2: "progressive"}
_TIFF_KINDS = {1: "uncompressed", 5: "LZW", 7: "JPEG", 8: "Deflate", 32946: "Deflate", 32773: "PackBits"}
_TIFF_KINDS |= dict.fromkeys((2, 3, 4, 32771), "CCITT")


class WholeImage(NamedTuple):
    """An image whose structure is whole.

    Attributes:
        path: where it is.
        type: its type, as in the setting IMAGE_TYPES.
        kind: the type and how it is compressed.
    """

    path: Path
    type: str
    kind: str


def find_whole_images(folders: Iterable[Path], types: Iterable[str]) -> Iterator[WholeImage]:
    """Yield each different image of these types once, in the order of the paths."""
    accepted, seen = frozenset(types) & FORMATS.keys(), set[bytes]()
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        if path.stat().st_size > LIMITS.max_image_bytes:
            continue
        body = path.read_bytes()
        digest = sha256(body).digest()
        if digest in seen:
            continue
        seen.add(digest)
        try:
            image_type = identify(body[:64], accepted)
        except UnsupportedType:  # everything else in the folders
            continue
        if check_structure(body, image_type)[0] == Verdict.WHOLE:
            yield WholeImage(path, image_type, find_kind(body, image_type))


def find_kind(body: bytes, image_type: str) -> str:
    """Return the type and how the first picture is compressed, for example `jpeg baseline`."""
    match image_type:
        case "jpeg":
            found = _FRAME.search(body)
            return f"jpeg {_JPEG_KINDS.get(found[1][0] if found else 0, 'other')}"
        case "webp":
            return "webp lossless" if b"VP8L" in body[:4096] and b"VP8 " not in body[:4096] else "webp lossy"
        case "tiff":
            directories = Directories(Reader(memoryview(body), "TIFF", ""))
            fields, _ = directories.read(directories.first)
            compression = tiff_page.read_compression(directories, fields)
            return f"tiff {_TIFF_KINDS.get(compression, 'other')}"
    return image_type

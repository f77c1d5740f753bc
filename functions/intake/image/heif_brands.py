"""The brands of a HEIF file (ISO/IEC 23008-12, 10.2), which say whether it is an AVIF or a HEIC.

Many files begin with a general brand, which only means HEIF. Then the brands after it decide. A file that
names both is an AVIF.
"""

from struct import Struct
from typing import TYPE_CHECKING

from intake.image.byte_reader import Reader
from intake.image.isobmff import read_box
from intake.image.unsupported_types import SNIFFED_BYTES, create_unsupported_type, describe

if TYPE_CHECKING:
    from collections.abc import Collection

    from intake.model.error_codes import UnsupportedType

BRAND = Struct(">4s4x")  # major brand, minor version; compatible brands follow
MAX_BRANDS = 64
AVIF_BRANDS = frozenset((b"avif", b"avis"))
HEIC_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"))
"""Stills and sequences of HEVC (ISO/IEC 23008-12, annex B.4), of several profiles and layers."""
SEQUENCES = frozenset((b"avis", b"hevc", b"hevx", b"hevm", b"hevs"))


def find_type(view: memoryview, accepted: "Collection[str]") -> str:
    """Return the name of the format of a HEIF file with a general brand.

    Raises:
        UnsupportedType: this deployment does not accept the format.
        InvalidImage: the file ends before its brands do.
    """
    _, ftyp = read_box(Reader(view, "HEIF", "its last box"))
    _, brands = read_brands(ftyp)
    name = "avif" if brands & AVIF_BRANDS else "heic" if brands & HEIC_BRANDS else None
    if name is None or name not in accepted:
        raise create_unsupported_brands(ftyp, accepted)
    return name


def read_brands(ftyp: Reader) -> tuple[bytes, set[bytes]]:
    """Return the major brand, and all brands; at most MAX_BRANDS compatible ones are read."""
    (major,) = ftyp.unpack(BRAND)
    listed = bytes(ftyp.view[ftyp.position : min(ftyp.end, ftyp.position + 4 * MAX_BRANDS)])
    return major, {major, *(listed[at : at + 4] for at in range(0, len(listed), 4))}


def create_unsupported_brands(ftyp: Reader, accepted: "Collection[str]") -> "UnsupportedType":
    """Create the error for a HEIF file whose brands are not those of an accepted type."""
    head = bytes(ftyp.view[: min(ftyp.end, SNIFFED_BYTES)])
    return create_unsupported_type(describe(head), accepted, f"HEIF brands, head {head[:64].hex()}")

"""The headers of a JPEG XL codestream: every field is skipped to its last bit."""

from struct import pack

import pytest

from intake.image.verify import verify
from intake.model.error_codes import InvalidImage
from support.crafted_images import box
from support.crafted_jxl import DEFAULTS, LAST, METADATA, PERMUTED, PLAIN, BitWriter, jxl, size_header, stream
from support.jxl_frames import assert_frames_end
from support.sample_images import ANY_TYPE

FLOAT = (0, 16)
CHANNEL = [(0, 1), (0, 2), (0, 1), (0, 2), (0, 2), (0, 2), (0, 1)]
"""An alpha channel of eight bits without a name."""
FIELDS: dict[str, list[tuple[int, int]]] = {
    "orientation, size on a screen": [(0, 1), (1, 1), (5, 3), (1, 1), *size_header(9, 9)[1:], (0, 1), (0, 1), *PLAIN],
    "samples of 16 bits in floating point": [*METADATA, (1, 1), (1, 2), (4, 4), *PLAIN[2:]],
    "an alpha channel with defaults": [*METADATA, *PLAIN[:3], (1, 2), (1, 1), *PLAIN[4:]],
    "an alpha channel of its own": [*METADATA, *PLAIN[:3], (1, 2), *CHANNEL, *PLAIN[4:]],
    "a spot color with a name": [
        *(*METADATA, *PLAIN[:3], (1, 2), (0, 1), (2, 2), (0, 4), (0, 1), (0, 2), (0, 2)),
        *((1, 2), (2, 4), (0x4142, 16), *[FLOAT] * 4, *PLAIN[4:]),
    ],
    "three channels, one of a color filter": [
        *(*METADATA, *PLAIN[:3], (2, 2), (1, 4), (1, 1), (1, 1)),
        *((0, 1), (2, 2), (3, 4), (0, 1), (0, 2), (0, 2), (0, 2), (1, 2), (2, 2), *PLAIN[4:]),
    ],
    "gray with a gamma": [*METADATA, *PLAIN[:5], (0, 1), (0, 1), (1, 2), (1, 2), (1, 1), (9, 24), (1, 2), *PLAIN[6:]],
    "custom primaries and white point": [
        *(*METADATA, *PLAIN[:5], (0, 1), (0, 1), (0, 2)),
        *((2, 2), (0, 4), *[(0, 21)] * 2, (2, 2), (0, 4), *[(0, 21)] * 6, (0, 1), (1, 2), (1, 2), *PLAIN[6:]),
    ],
    "colors of XYB": [*METADATA, *PLAIN[:5], (0, 1), (0, 1), (2, 2), (0, 4), (1, 2), *PLAIN[6:]],
    "a channel of depth": [*METADATA, *PLAIN[:3], (1, 2), (0, 1), (1, 2), *CHANNEL[2:-1], *PLAIN[4:]],
    "tones of its own": [*METADATA, *PLAIN[:6], (0, 1), FLOAT, FLOAT, (0, 1), FLOAT, (0, 2)],
    "an extension": [*METADATA, *PLAIN[:-1], (1, 2), (0, 4), (1, 2), (6, 4), (0, 7)],
    "a long extension": [*METADATA, *PLAIN[:-1], (1, 2), (0, 4), (3, 2), (0x123, 12), (0, 1), (0, 0x123)],
    "an extension of the highest number": [
        *(*METADATA, *PLAIN[:-1], (3, 2), (0, 12), *[(1, 1), (0, 8)] * 6, (1, 1), (8, 4), (0, 2)),
    ],
}
TRANSFORMS: dict[str, list[tuple[int, int]]] = {
    "weights": [(0, 1), (1, 1), (7, 3), *[FLOAT] * 280],
    "a matrix": [(0, 1), (0, 1), *[FLOAT] * 16, (2, 3), *[FLOAT] * 55],
}
CHANNELS_OF = {"three channels, one of a color filter": 3}


@pytest.mark.parametrize("name", FIELDS)
def test_jxl_headers_are_skipped_to_their_last_bit(name: str) -> None:
    """Frames that begin at another bit would have another end."""
    blending = [(0, 2)] * CHANNELS_OF.get(name, "channel" in name or "spot" in name)
    last = BitWriter().add((0, 1), (0, 2), (0, 1), (0, 2), (0, 2), *blending, (3, 3), (2, 3), (0, 2), (0, 1), (0, 2))
    end = last.add(*blending, (1, 1), (0, 2), (1, 1), (0, 2), (0, 1)).align().add((9 << 2, 12)).bytes() + b"123456789"
    assert_frames_end(stream(*FIELDS[name], DEFAULTS, frames=(end,)))


@pytest.mark.parametrize("fields", list(TRANSFORMS.values()), ids=list(TRANSFORMS))
def test_jxl_transforms_are_skipped_to_their_last_bit(fields: list[tuple[int, int]]) -> None:
    assert_frames_end(stream(DEFAULTS, *fields))


def test_jxl_preview_is_no_frame() -> None:
    fields = [(0, 1), (1, 1), (0, 3), (0, 1), (1, 1), (0, 1), (0, 2), (8, 6), (1, 3), (0, 1), *PLAIN, DEFAULTS]
    wide = [(0, 1), (1, 1), (0, 3), (0, 1), (1, 1), (1, 1), (0, 2), (0, 3), (1, 2), (0, 1), *PLAIN, DEFAULTS]
    for one in (fields, wide):
        preview = b"\1" + pack("<H", 4 << 2) + b"view"
        assert verify(jxl(box(b"jxlc", stream(*one, frames=(preview, LAST)))), ANY_TYPE).frames == 1
        assert verify(jxl(box(b"jxlc", stream(*one, frames=(PERMUTED,)))), ANY_TYPE).frames == 1
        with pytest.raises(InvalidImage):
            verify(jxl(box(b"jxlc", stream(*one, frames=(preview,)))), ANY_TYPE)

"""The headers of JPEG XL frames: every field is skipped to its last bit."""

import pytest

from support.crafted_jxl import DEFAULTS, LAST, METADATA, PLAIN, BitWriter, codestream_of, still, stream
from support.jxl_frames import assert_frames_end

FLOAT = (0, 16)
WHOLE_FRAME, REPLACES = (0, 1), (0, 2)
ENDING = [(0, 2), (1, 1), (0, 2)]
"""No name, the default filters, no extensions."""
MODULAR = [(0, 2), (1, 1), (0, 2), (0, 2), (1, 2), (0, 2)]
"""The begin of a modular frame of XYB colors: no flags, no upsampling, groups of 256, one pass."""
FRAMES: dict[str, list[tuple[int, int]]] = {
    "modular": [*MODULAR, WHOLE_FRAME, REPLACES, (1, 1), *ENDING],
    "of low frequencies": [(1, 2), (0, 1), (0, 2), (0, 2), (3, 3), (2, 3), (0, 2), (0, 2), *ENDING],
    "that uses low frequencies": [
        (0, 2),
        (0, 1),
        (2, 2),
        (15, 8),
        (3, 3),
        (2, 3),
        (0, 2),
        (0, 1),
        (0, 2),
        (1, 1),
        *ENDING,
    ],
    "for reference": [(2, 2), (1, 1), (0, 2), (0, 2), (1, 2), (0, 1), (1, 2), (1, 1), *ENDING],
    "for reference of its own size": [
        *((2, 2), (1, 1), (0, 2), (0, 2), (1, 2), (1, 1), (0, 2), (7, 8), (0, 2), (7, 8)),
        *((1, 2), (0, 1), *ENDING),
    ],
    "that leaves some of the canvas": [
        *(*MODULAR, (1, 1), (0, 2), (2, 8), (0, 2), (1, 8), (0, 2), (2, 8), (0, 2), (2, 8)),
        *(REPLACES, (1, 2), (1, 1), *ENDING),
    ],
    "added to another": [*MODULAR, WHOLE_FRAME, (1, 2), (2, 2), (1, 1), *ENDING],
    "multiplied": [*MODULAR, WHOLE_FRAME, (3, 2), (1, 2), (0, 1), (2, 2), (1, 1), *ENDING],
    "with a name": [*MODULAR, WHOLE_FRAME, REPLACES, (1, 1), (1, 2), (2, 4), (0x4142, 16), (1, 1), (0, 2)],
    "with filters": [
        *(*MODULAR, WHOLE_FRAME, REPLACES, (1, 1), (0, 2), (0, 1), (1, 1), (1, 1), *[FLOAT] * 6, (2, 2)),
        *((1, 1), *[FLOAT] * 5, (1, 1), *[FLOAT] * 3, FLOAT, (0, 2), (0, 2)),
    ],
    "without filters": [*MODULAR, WHOLE_FRAME, REPLACES, (1, 1), (0, 2), (0, 1), (0, 1), (0, 2), (0, 2), (0, 2)],
    "with filters of blocks": [
        *(
            (0, 2),
            (0, 1),
            (0, 2),
            (0, 2),
            (3, 3),
            (2, 3),
            (0, 2),
            (0, 1),
            (0, 2),
            (1, 1),
            (0, 2),
            (0, 1),
            (0, 1),
            (1, 2),
        ),
        *((1, 1), *[FLOAT] * 8, (0, 1), (1, 1), *[FLOAT] * 4, (0, 2), (0, 2)),
    ],
}


@pytest.mark.parametrize("name", FRAMES)
def test_jxl_frame_header_is_skipped_to_its_last_bit(name: str) -> None:
    bits = BitWriter().add((0, 1), *FRAMES[name], (0, 1)).align().add((9 << 2, 12))
    assert_frames_end(
        codestream_of(still(bits.bytes() + b"123456789", *[LAST] * ("reference" in name or "low" in name[:6])))
    )


def test_jxl_frame_of_ycbcr_is_skipped_to_its_last_bit() -> None:
    fields = [(0, 1), (0, 2), (0, 1), (0, 2), (1, 1), (0b010101, 6), (0, 2), (0, 2), WHOLE_FRAME, REPLACES, (1, 1)]
    bits = BitWriter().add(*fields, *ENDING, (0, 1)).align().add((9 << 2, 12))
    metadata = [*METADATA, *PLAIN[:4], (0, 1), *PLAIN[5:]]
    assert_frames_end(stream(*metadata, DEFAULTS, frames=(bits.bytes() + b"123456789",)))


@pytest.mark.parametrize(
    "blending", [[(2, 2), (1, 2), (0, 1), (3, 2)], [(3, 2), (0, 2), (3, 2), (5, 3), (1, 1), (0, 2)]]
)
def test_jxl_frame_with_alpha_is_skipped_to_its_last_bit(blending: list[tuple[int, int]]) -> None:
    fields = [(0, 1), *MODULAR[:4], (0, 2), *MODULAR[4:], WHOLE_FRAME, *blending, *blending, (1, 1), *ENDING, (0, 1)]
    bits = BitWriter().add(*fields).align().add((9 << 2, 12))
    metadata = [*METADATA, *PLAIN[:3], (1, 2), (1, 1), *PLAIN[4:]]
    assert_frames_end(stream(*metadata, DEFAULTS, frames=(bits.bytes() + b"123456789",)))


@pytest.mark.parametrize(
    ("passes", "fields"), [(2, [(1, 2), (1, 2), (0, 2), (1, 2), (3, 2), (1, 3)]), (3, [(2, 2), (0, 2), (0, 4)])]
)
def test_jxl_frame_has_sections_for_each_pass(passes: int, fields: list[tuple[int, int]]) -> None:
    head = [(0, 1), *MODULAR[:-1], *fields, WHOLE_FRAME, REPLACES, (1, 1), *ENDING, (0, 1)]
    sizes = [(1 << 2, 12)] * (2 + 1 + passes)
    assert_frames_end(codestream_of(still(BitWriter().add(*head).align().add(*sizes).bytes() + b"a" * (3 + passes))))

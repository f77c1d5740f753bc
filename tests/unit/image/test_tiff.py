"""TIFF: faults that are refused, and odd files that are accepted."""

from struct import pack

import pytest

from intake.image.verify import verify
from intake.model.error_codes import InvalidImage, TooManyFrames, TooManyPixels
from intake.model.limits import Limits
from support.crafted_images import Entry, jpeg, page, tiff

LIMITS = Limits()
TILES: dict[str, Entry | None] = {
    "offsets": None,
    "counts": None,
    "rows": None,
    "tile_width": (322, 3, [4]),
    "tile_rows": (323, 3, [4]),
}
OLD_JPEG: dict[str, Entry | None] = {
    "offsets": None,
    "counts": None,
    "jpeg": (513, 4, [8]),
    "jpeg_bytes": (514, 4, [64]),
}
FOUR_TILES: dict[str, Entry | None] = {"tile_offsets": (324, 4, [8] * 4), "tile_counts": (325, 4, [16] * 4)}
TILED = TILES | FOUR_TILES
ENTRIES_AT = 8 + 64
LZW, TWO, FOUR = (259, 3, [5]), (277, 3, [2]), (278, 4, [4])


def strips(*sizes: int) -> dict[str, Entry | None]:
    return {"offsets": (273, 4, [8] * len(sizes)), "counts": (279, 4, list(sizes))}


FAULTS = {
    "no directory": b"II*\0" + bytes(4),
    "a directory past the end": b"II*\0" + pack("<I", 9),
    "a directory whose entries run out": b"II*\0" + pack("<IH", 8, 9) + bytes(12),
    "a directory of as many entries as possible": b"II*\0" + pack("<IH", 8, 65535) + bytes(12),
    "a big directory of 2^64 entries": b"II+\0" + pack("<HHQQ", 8, 0, 16, 2**64 - 1),
    "a big directory at 2^64": b"II+\0" + pack("<HHQ", 8, 0, 2**64 - 1),
    "a big header with other offsets": b"II+\0" + pack("<HHQQ", 4, 0, 16, 0),
    "nothing but a signature": b"MM\0*",
    "an empty directory": tiff([]),
    "no width": tiff(page(0, 8)),
    "no height": tiff(page(8, 0)),
    "no width field": tiff(page()[1:]),
    "a width without a value": tiff([(256, 4, []), *page()[1:]]),
    "a width of eight values past the end": tiff(page())[:-4].replace(
        pack("<HHI", 256, 4, 1), pack("<HHI", 256, 4, 2**31)
    )
    + bytes(4),
    "a width that is text": tiff(page()).replace(pack("<HHI", 256, 4, 1), pack("<HHI", 256, 2, 1)),
    "no strips": tiff(page(offsets=None)),
    "a strip past the end": tiff(page(offsets=(273, 4, [9999]))),
    "a strip of 4 GiB": tiff(page(counts=(279, 4, [2**32 - 1]))),
    "a compressed strip of no bytes": tiff(page(compression=LZW, counts=(279, 4, [0]))),
    "a compressed strip of unknown size": tiff(page(compression=LZW, counts=None)),
    "a strip of no bytes whose rows are not there": tiff(page(99, 99, counts=(279, 4, [0]))),
    "a strip of unknown size whose rows are not there": tiff(page(99, 99, counts=None)),
    "strips of no bytes": tiff(page(rows=FOUR, offsets=(273, 4, [8, 40]), counts=(279, 4, [0, 0]))),
    "strips of unknown size": tiff(page(rows=FOUR, offsets=(273, 4, [8, 40]), counts=None)),
    "a strip shorter than its rows": tiff(page(counts=(279, 4, [63]))),
    "a first strip shorter than its rows": tiff(page(rows=FOUR, **strips(31, 32))),
    "a last strip shorter than its rows": tiff(page(height=(257, 4, [7]), rows=FOUR, **strips(32, 23))),
    "a strip of the second plane shorter than its rows": tiff(
        page(planes=(284, 3, [2]), samples=TWO, **strips(64, 63))
    ),
    "a strip shorter than its samples": tiff(page(5, 5, samples=(277, 3, [3]), counts=(279, 4, [74]))),
    "a strip shorter than its bits": tiff(page(4, 4, bits=(258, 3, [16]), counts=(279, 4, [31]))),
    "two strips where the rows are in one": tiff(page(**strips(32, 32))),
    "a tile shorter than its rows": tiff(page(7, 7, **TILED | {"tile_counts": (325, 4, [16, 16, 15, 16])})),
    "a strip missing": tiff(page(rows=(278, 4, [4]))),
    "more strips than sizes": tiff(page(offsets=(273, 4, [8, 8]))),
    "strips of no rows": tiff(page(rows=(278, 4, [0]))),
    "planes missing": tiff(page(planes=(284, 3, [2]), samples=(277, 3, [3]))),
    "no tile offsets": tiff(page(7, 7, **TILES, tile_counts=(325, 4, [16]))),
    "no tile sizes": tiff(page(7, 7, **TILES, tile_offsets=(324, 4, [8]))),
    "a tile missing": tiff(page(7, 9, **TILED)),
    "tiles of no width": tiff(page(7, 7, **TILED | {"tile_width": (322, 3, [0])})),
    "tiles of no height": tiff(page(7, 7, **TILED | {"tile_rows": (323, 3, [0])})),
    "a tile past the end": tiff(page(7, 7, **TILED | {"tile_offsets": (324, 4, [8, 8, 8, 9999])})),
    "an old JPEG past the end": tiff(page(**OLD_JPEG | {"jpeg_bytes": (514, 4, [9999])})),
    "an old JPEG of unknown size that is none": tiff(page(**OLD_JPEG | {"jpeg_bytes": None})),
    "an old JPEG of unknown size past the end": tiff(page(jpeg=(513, 4, [9999]))),
    "an old JPEG of unknown size without its end": tiff(page(**OLD_JPEG | {"jpeg_bytes": None}), data=jpeg()[:-2]),
    "a fault on the second page": tiff(page(), page(counts=(279, 4, [9999]))),
    "metadata past the end": tiff(page(text=(270, 1, list(b"a long text")))).replace(
        pack("<HHI", 270, 1, 11), pack("<HHI", 270, 1, 9999)
    ),
    "a directory below that is past the end": tiff(page(below=(330, 13, [9999]))),
    "Exif past the end": tiff(page(below=(34665, 4, [9999]))),
    "a directory below with a picture cut off": tiff(
        page(below=(330, 4, [8])), data=pack("<HHHIIHHII", 2, 256, 4, 1, 3, 257, 4, 1, 2) + bytes(60)
    ),
}


def size_of(body: bytes | bytearray) -> tuple[int, int, int]:
    """Width, height and frames."""
    image = verify(body, LIMITS)
    return image.width, image.height, image.frames


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_tiff_is_invalid_when_faulty(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The TIFF .*\.$") as refused:
        verify(body, LIMITS)
    assert refused.value.reason


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, (8, 8)),
        ({"rows": None}, (8, 8)),
        ({"rows": (278, 4, [2**32 - 1])}, (8, 8)),
        ({"width": (256, 3, [8]), "height": (257, 3, [8])}, (8, 8)),
        ({"offsets": (273, 3, [16, 40]), "counts": (279, 3, [32, 40]), "rows": (278, 3, [4])}, (8, 8)),
        (
            {
                "offsets": (273, 4, [16] * 3),
                "counts": (279, 4, [64] * 3),
                "planes": (284, 3, [2]),
                "samples": (277, 3, [3]),
            },
            (8, 8),
        ),
        ({"unknown": (40000, 1, [7] * 30)}, (8, 8)),
        ({"below": (330, 4, [0])}, (8, 8)),
        (TILED, (7, 7)),
        (TILES | {"offsets": (273, 4, [16] * 4), "counts": (279, 4, [16] * 4)}, (7, 7)),
        (OLD_JPEG, (8, 8)),
        ({"jpeg": (513, 4, [8]), "jpeg_bytes": (514, 4, [30])}, (8, 8)),
        ({"jpeg": (513, 4, [8])}, (8, 8)),
        ({"counts": None}, (8, 8)),
        ({"counts": (279, 4, [0])}, (8, 8)),
        ({"bits": (258, 3, [1]), "counts": None}, (8, 64)),
        ({"bits": (258, 3, [8] * 3), "samples": (277, 3, [3]), "counts": (279, 4, [75])}, (5, 5)),
        ({"photometric": (262, 3, [6]), "samples": (277, 3, [3]), "counts": (279, 4, [40])}, (5, 5)),
        ({"compression": (259, 3, [5]), "counts": (279, 4, [1])}, (8, 8)),
        ({"compression": (259, 5, [16]), "counts": (279, 4, [1])}, (8, 8)),
        ({"offsets": (273, 4, [16] * 2), "counts": (279, 4, [64, 1])}, (8, 8)),
    ],
)
def test_tiff_is_accepted_with_every_description_of_its_data(
    order: str,
    big: bool,  # noqa: FBT001 - a column of the table
    changes: dict[str, Entry | None],
    size: tuple[int, int],
) -> None:
    body = tiff(page(*size, **changes), order=order, big=big, data=bytes(80))
    assert size_of(body) == (*size, 1)


def test_tiff_field_is_skipped_when_its_type_is_unknown() -> None:
    """TIFF 6.0 requires it of readers."""
    entry = pack("<HHII", 65000, 99, 2**32 - 1, 2**32 - 1)
    body = tiff(page(unknown=(65000, 1, [1]))).replace(pack("<HHII", 65000, 1, 1, 1), entry)
    assert entry in body
    assert size_of(body) == (8, 8, 1)


@pytest.mark.parametrize("pages", [1, 2, 5])
@pytest.mark.parametrize("back", [0, -1])
def test_tiff_is_accepted_when_its_last_directory_points_back_at_a_whole_page(pages: int, back: int) -> None:
    """To the first page, or to itself."""
    body = bytearray(tiff(*[page()] * pages))
    positions = [ENTRIES_AT + at * (len(body) - ENTRIES_AT) // pages for at in range(pages)]
    body[-4:] = pack("<I", positions[back])
    assert size_of(bytes(body)) == (8, 8, pages)


def test_tiff_is_invalid_when_a_page_before_a_loop_is_faulty() -> None:
    body = bytearray(tiff(page(), page(counts=(279, 4, [9]))))
    body[-4:] = pack("<I", ENTRIES_AT)
    with pytest.raises(InvalidImage):
        verify(body, LIMITS)


@pytest.mark.parametrize("size", [None, (514, 4, [0])])
def test_tiff_of_an_old_jpeg_is_accepted_when_its_size_is_missing(size: Entry | None) -> None:
    body = tiff(page(**OLD_JPEG | {"jpeg_bytes": size}), data=jpeg())
    assert size_of(body) == (8, 8, 1)


@pytest.mark.parametrize("tags", [(256,), (257,), (273, 279), (256, 257, 273, 279), (256, 257, 258, 259, 273, 278)])
def test_tiff_directory_after_the_first_is_no_page_when_it_has_no_size_or_no_data(tags: tuple[int, ...]) -> None:
    other = [entry for entry in page(4, 4) if entry[0] not in tags]
    assert size_of(tiff(page(), other, page(2, 2))) == (8, 8, 2)
    with pytest.raises(InvalidImage):
        verify(tiff(other, page()), LIMITS)


@pytest.mark.parametrize("entries", [strips(64, 9999), {"jpeg": (513, 4, [8]), "jpeg_bytes": (514, 4, [9999])}])
def test_tiff_is_invalid_when_data_of_a_directory_that_is_no_page_is_missing(entries: dict[str, Entry]) -> None:
    with pytest.raises(InvalidImage):
        verify(tiff(page(), sorted(entries.values())), LIMITS)


def test_tiff_sub_directory_may_point_back_at_its_page() -> None:
    """The parser has read that directory already."""
    assert size_of(tiff(page(below=(330, 4, [ENTRIES_AT])))) == (8, 8, 1)


def test_tiff_page_of_reduced_resolution_counts_as_frame() -> None:
    body = tiff(page(), page(4, 4, reduced=(254, 4, [1])))
    assert size_of(body) == (8, 8, 2)


def test_tiff_sub_directory_is_not_counted_as_frame() -> None:
    thumbnail = tiff(page(2, 2))[ENTRIES_AT:]
    body = tiff(page(below=(330, 4, [ENTRIES_AT])), data=bytes(64) + thumbnail)
    assert size_of(body) == (8, 8, 1)


def test_tiff_is_refused_when_any_page_has_too_many_pixels() -> None:
    with pytest.raises(TooManyPixels):
        verify(tiff(page(), page(2**31, 2**31, counts=(279, 4, [9]))), LIMITS)


def test_tiff_is_refused_at_the_first_page_over_the_limit() -> None:
    body = bytearray(tiff(*[page()] * 11))
    body[-4:] = pack("<I", 2**32 - 1)
    with pytest.raises(TooManyFrames):
        verify(body, Limits(max_image_frames=10))

"""Directories of a TIFF that are no directories, and arrays as large as the file."""

import tracemalloc
from struct import pack

import pytest

from intake.image.verify import verify
from intake.model.error_codes import InvalidImage
from intake.model.limits import MIB, Limits
from support.crafted_images import page, tiff

LIMITS = Limits()


@pytest.mark.parametrize("tag", [34665, 34853])
@pytest.mark.parametrize("entry", [pack("<HHII", 0, 35456, 7, 9), b"\xff" * 12, pack("<HHII", 1, 0, 1, 2**31)])
@pytest.mark.parametrize("count", [1, 5632, 65535])
def test_tiff_is_accepted_when_its_metadata_is_garbage(tag: int, entry: bytes, count: int) -> None:
    garbage = pack("<H", count) + entry * 5
    body = tiff(page(below=(tag, 4, [8 + 64])), data=bytes(64) + garbage)
    assert verify(body, LIMITS).frames == 1
    below = tiff(page(below=(330, 4, [8 + 64])), data=bytes(64) + garbage)
    if count > 1:
        with pytest.raises(InvalidImage):
            verify(below, LIMITS)


@pytest.mark.parametrize("rest", [b"", b"\1", pack("<H", 2) + pack("<HHII", 1, 2, 9999, 8), pack("<HHHI", 9, 1, 2, 9)])
def test_tiff_is_invalid_when_its_metadata_is_cut_off(rest: bytes) -> None:
    """The bytes that are there are a directory."""
    body = tiff(page(below=(34665, 4, [9999])))
    at = body.index(pack("<HHI", 34665, 4, 1)) + 8
    with pytest.raises(InvalidImage):
        verify(body[:at] + pack("<I", len(body)) + body[at + 4 :] + rest, LIMITS)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", [3, 4, 16])
def test_arrays_of_a_tiff_take_little_memory_besides_the_body(order: str, kind: int) -> None:
    """Memory for the body is reserved; memory for the arrays is not."""
    count = 20 * MIB // (2 * {3: 2, 4: 4, 16: 8}[kind])
    entries = page(1, count, rows=(278, 3, [1]), offsets=(273, kind, [8] * count), counts=(279, kind, [1] * count))
    body = tiff(entries, order=order, big=kind == 16)
    assert len(body) > 20 * MIB
    tracemalloc.start()
    try:
        assert verify(body, LIMITS).height == count
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MIB


@pytest.mark.parametrize(("count", "is_accepted"), [(100, True), (10 * MIB, False)])
def test_values_of_one_byte_count_as_two_towards_the_limit_of_arrays(count: int, *, is_accepted: bool) -> None:
    """Otherwise, 20 MiB of them take twice as long as of any other type."""
    entries = page(1, count, rows=(278, 3, [1]), offsets=(273, 1, [8] * count), counts=(279, 1, [1] * count))
    body = tiff(entries, data=bytes(100))
    if is_accepted:
        assert verify(body, LIMITS).height == count
    else:
        with pytest.raises(InvalidImage):
            verify(body, LIMITS)

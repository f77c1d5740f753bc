"""Bodies that ended with a TLS connection without close_notify: which are proven to be whole."""

from collections.abc import Callable

import pytest

from intake.download.unclean_end import raise_unless_end_is_proven
from intake.image.formats import FORMATS
from intake.model.error_codes import ConnectionLost, IntakeError, TooManyPixels
from intake.model.limits import Limits
from support.sample_images import ANY_TYPE, picture

LIMITS = Limits(image_types=tuple(FORMATS))
PROVEN = ["jpeg", "png", "gif", "webp", "bmp", "ico", "cur", "j2c", "jls"]
NOT_PROVEN = ["tiff", "avif", "heic", "jxl", "jp2", "pnm"]


def _require(body: bytes, limits: Limits = LIMITS) -> None:
    raise_unless_end_is_proven(memoryview(body), limits)


def _result(body: bytes) -> str:
    try:
        _require(body)
    except IntakeError as error:
        return error.code
    return "accepted"


@pytest.mark.parametrize("type_", PROVEN)
def test_image_that_ends_with_its_marker_or_at_its_size_is_whole(type_: str) -> None:
    _require(picture(32, 24, 5, type_))


@pytest.mark.parametrize("type_", [*PROVEN, *NOT_PROVEN])
def test_no_prefix_of_an_image_is_whole(type_: str) -> None:
    whole = picture(16, 8, 5, type_)

    assert {_result(whole[:cut]) for cut in range(1, len(whole))} == {"connection_lost", "unsupported_type"}


@pytest.mark.parametrize("type_", NOT_PROVEN)
def test_image_that_does_not_say_where_its_file_ends_is_not_proven(type_: str) -> None:
    with pytest.raises(ConnectionLost) as caught:
        _require(picture(32, 24, 5, type_), ANY_TYPE)

    assert "nothing proves the end" in (caught.value.reason or "")


@pytest.mark.parametrize("type_", PROVEN)
@pytest.mark.parametrize("extra", [b"\0\0\0", b"<?php ?>", b"\xff\xd8\xff"])
def test_bytes_behind_the_end_are_not_proven(type_: str, extra: bytes) -> None:
    with pytest.raises(ConnectionLost):
        _require(picture(32, 24, 5, type_) + extra)


@pytest.mark.parametrize("size", [lambda _: 0, lambda size: size - 1, lambda size: size + 1])
def test_bitmap_without_its_size_is_not_proven(size: Callable[[int], int]) -> None:
    whole = picture(32, 24, 5, "bmp")

    with pytest.raises(ConnectionLost):
        _require(whole[:2] + size(len(whole)).to_bytes(4, "little") + whole[6:])


def test_image_over_a_limit_keeps_its_error() -> None:
    with pytest.raises(TooManyPixels):
        _require(picture(32, 24, 5, "png"), Limits(max_image_pixels=100))

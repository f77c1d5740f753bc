"""AVIF: HEIF with AV1 data (AV1 Image File Format 1.1), in which long runs of zeros and ones are holes."""

from typing import TYPE_CHECKING

from intake.image import heif
from intake.image.compressed_data import ONES, ZEROS, HoleSearch
from intake.image.heif_brands import AVIF_BRANDS
from intake.image.heif_codec import Codec, CodedData

if TYPE_CHECKING:
    from intake.image.byte_reader import Reader
    from intake.image.pixel_limits import ImageSize
    from intake.model.limits import Limits


def parse(view: memoryview, limits: "Limits") -> "ImageSize":
    return heif.parse(view, limits, AV1)


def _check_holes(reader: "Reader", coded: list[CodedData]) -> None:
    holes = HoleSearch(reader)
    for data in coded:
        for extent in data.extents:
            holes.check_runs(*extent, (ZEROS, ONES))


AV1 = Codec("AVIF", "AV1", AVIF_BRANDS, {b"av01": b"av1C"}, _check_holes, is_padded=False)

"""HEIC: HEIF with HEVC data (ISO/IEC 23008-12, annex B)."""

from typing import TYPE_CHECKING

from intake.image import heif, hevc
from intake.image.heif_brands import HEIC_BRANDS
from intake.image.heif_codec import Codec

if TYPE_CHECKING:
    from intake.image.pixel_limits import ImageSize
    from intake.model.limits import Limits

HEVC = Codec("HEIC", "HEVC", HEIC_BRANDS, {b"hvc1": b"hvcC", b"hev1": b"hvcC"}, hevc.check_data, is_padded=True)


def parse(view: memoryview, limits: "Limits") -> "ImageSize":
    return heif.parse(view, limits, HEVC)

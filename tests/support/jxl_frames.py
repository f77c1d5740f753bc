"""Checks where the parser of JPEG XL finds the end of the last frame."""

import pytest

from intake.image.verify import verify
from intake.model.error_codes import InvalidImage
from intake.model.image_info import ImageWarning
from support.crafted_jxl import jxl, open_box
from support.sample_images import ANY_TYPE


def assert_frames_end(codestream: bytes) -> None:
    """Assert that the frames of a codestream of 5 x 3 pixels end at its last byte, and not before."""
    for tail, warnings in ((b"", ()), (b"more", (ImageWarning.TRAILING_DATA,))):
        image = verify(jxl(open_box(b"jxlc", codestream + tail)), ANY_TYPE)
        assert (image.width, image.height, image.frames, image.warnings) == (5, 3, 1, warnings)
    with pytest.raises(InvalidImage):
        verify(jxl(open_box(b"jxlc", codestream[:-1])), ANY_TYPE)

"""JPEGs of Samsung phones: a trailer after EOI, or in place of it."""

from struct import pack

import pytest

from intake.image.verify import verify
from intake.model.error_codes import InvalidImage
from intake.model.limits import Limits
from support.crafted_images import jpeg, samsung_trailer
from support.sample_images import jpeg_of_size

LIMITS = Limits()
WHOLE = jpeg_of_size(2000, 1)
OPEN = WHOLE[:-2]
VIDEO = b"\0\0\x30\x0a\x10\0\0\0MotionPhoto_Data" + bytes(range(256)) * 4
TRAILER = samsung_trailer(b"\0\0\x01\x0a\x0e\0\0\0Image_UTC_Data1529", VIDEO)
DIRECTORY = TRAILER[TRAILER.index(b"SEFH") : -8]

FAULTS = {
    "no trailer": OPEN,
    "another mark at its end": OPEN + TRAILER[:-1] + b"X",
    "bytes after it": OPEN + TRAILER + b"\0",
    "a length that leads elsewhere": OPEN + TRAILER[:-8] + pack("<I", len(DIRECTORY) - 1) + b"SEFT",
    "a length past the start": OPEN + TRAILER[:-8] + pack("<I", 2**32 - 1) + b"SEFT",
    "a length of nothing": OPEN + TRAILER[:-8] + pack("<I", 0) + b"SEFT",
    "more entries than bytes": OPEN + DIRECTORY[:8] + pack("<I", 3) + DIRECTORY[12:] + TRAILER[-8:],
    "a block before the start": OPEN + b"SEFH" + pack("<IIIII", 101, 1, 0, 2**31, 9) + pack("<I", 24) + b"SEFT",
    "blocks that begin inside the header": jpeg()[:9] + samsung_trailer(VIDEO),
    "a frame without a scan": jpeg()[: jpeg().index(b"\xff\xda")] + samsung_trailer(VIDEO),
    "a scan without data": jpeg(scan=b"")[:-2] + samsung_trailer(VIDEO),
    "a trailer cut off": OPEN + TRAILER[:-20],
    "nothing but the end of a trailer": b"\xff\xd8\xffSEFT",
}


@pytest.mark.parametrize(
    "body", [OPEN + TRAILER, WHOLE + TRAILER, OPEN + samsung_trailer(), OPEN + samsung_trailer(WHOLE)]
)
def test_jpeg_is_whole_when_it_ends_with_the_trailer(body: bytes) -> None:
    whole, image = verify(WHOLE, LIMITS), verify(body, LIMITS)
    assert (image.width, image.height, image.warnings) == (whole.width, whole.height, ("trailing_data",))


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_jpeg_without_end_is_invalid_when_the_trailer_is_faulty(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The JPEG .*\.$"):
        verify(body, LIMITS)


def test_jpeg_without_end_is_invalid_at_every_length_but_the_last() -> None:
    body = OPEN + TRAILER
    for size in range(len(OPEN), len(body)):
        with pytest.raises(InvalidImage):
            verify(body[:size], LIMITS)

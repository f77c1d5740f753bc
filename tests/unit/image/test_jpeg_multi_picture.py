"""JPEGs of several pictures: MPO, Ultra HDR, motion photos."""

from io import BytesIO

import pytest
from PIL import Image as Pillow

from intake.image.verify import verify
from intake.model.limits import Limits
from support.crafted_images import jpeg, mp_index, segment, xmp

LIMITS = Limits()
SECOND = jpeg(width=9)
SIZE = len(SECOND)
VIDEO = b"\0\0\0\x18ftypmp42" + bytes(12)

MISSING, TRAILING = "missing_pictures", "trailing_data"


def with_index(*pictures: tuple[int, int], order: str = "<", behind: bytes = SECOND) -> bytes:
    """A JPEG with an MP index, whose pictures are given by size and offset from the end of the first picture."""
    start = len(jpeg(mp_index((0, 0), *pictures))) - 10  # of the first picture, less SOI and what precedes the mark
    named = [(size, start + offset) for size, offset in pictures]
    return jpeg(mp_index((start, 0), *named, order=order)) + behind


def item(**fields: object) -> str:
    return f"<Container:Item {' '.join(f'Item:{name}={str(value)!r}' for name, value in fields.items())}/>"


def with_container(*items: str, behind: bytes = SECOND) -> bytes:
    """A JPEG with a container directory; its first item is the first picture."""
    primary = item(Semantic="Primary", Mime="image/jpeg")
    return jpeg(xmp("<Container:Directory>" + "".join((primary, *items)) + "</Container:Directory>")) + behind


GAIN_MAP = item(Semantic="GainMap", Mime="image/jpeg", Length=SIZE)
ELEMENT = f"<c:Item><i:Mime>image/jpeg</i:Mime><i:Length>{SIZE}</i:Length></c:Item>"
MOTION = item(Semantic="MotionPhoto", Mime="video/mp4", Length=len(VIDEO))
PADDED = item(Semantic="Primary", Mime="image/jpeg", Padding=3)
NOT_AN_INDEX = (
    segment(0xE2, b"ICC_PROFILE\0MPF\0"),
    segment(0xE2, b"MPF"),
    segment(0xE1, b"Exif\0\0"),
    segment(0xE2, b""),
)

PICTURES: dict[str, tuple[bytes, list[str]]] = {
    "two": (with_index((SIZE, 0)), []),
    "two, big-endian": (with_index((SIZE, 0), order=">"), []),
    "three": (with_index((SIZE, 0), (SIZE, SIZE), behind=SECOND * 2), []),
    "two, a gap between": (with_index((SIZE, 5), behind=b"12345" + SECOND), []),
    "two, then a video": (with_index((SIZE, 0), behind=SECOND + VIDEO), [TRAILING]),
    "the second is gone": (with_index((SIZE, 0), behind=b""), [MISSING]),
    "the second is cut": (with_index((SIZE, 0), behind=SECOND[:-1]), [MISSING, TRAILING]),
    "the third is gone": (with_index((SIZE, 0), (SIZE, SIZE)), [MISSING]),
    "the second is elsewhere": (with_index((SIZE, 1)), [MISSING, TRAILING]),
    "an index of the first alone": (with_index(behind=b""), []),
    "a gain map": (with_container(GAIN_MAP), []),
    "a gain map, as elements": (with_container(ELEMENT), []),
    "a gain map and a video": (with_container(GAIN_MAP, MOTION, behind=SECOND + VIDEO), []),
    "a gain map after padding": (jpeg(xmp(PADDED + GAIN_MAP)) + b"pad" + SECOND, []),
    "the gain map is gone": (with_container(GAIN_MAP, behind=b""), [MISSING]),
    "the gain map is cut": (with_container(GAIN_MAP, behind=SECOND[:-1]), [MISSING, TRAILING]),
    "another picture in place of the gain map": (with_container(GAIN_MAP, behind=b"GIF89a" * 99), [MISSING, TRAILING]),
    "the video is gone": (with_container(MOTION, behind=b""), []),
    "an item of no length": (with_container(item(Mime="image/jpeg", Length=0), behind=b""), []),
    "items that are no numbers": (with_container(item(Mime="image/jpeg", Length="-1"), behind=b""), []),
    "a length of 5,000 digits": (with_container(item(Mime="image/jpeg", Length="9" * 5000), behind=b""), []),
    "XMP of no container": (jpeg(xmp("<x:xmpmeta/>")), []),
    "both indexes, the picture is gone": (jpeg(xmp(GAIN_MAP * 2), mp_index((0, 0), (9, 999))), [MISSING]),
    **{
        f"both indexes, offset {offset} in the MP index": (
            jpeg(xmp("<c:Item/>" + GAIN_MAP), mp_index((0, 0), (SIZE, offset))) + SECOND,
            [],
        )
        for offset in (1, 99, 9999)
    },
    "both indexes, each names another": (
        jpeg(xmp("<c:Item/>" + GAIN_MAP), mp_index((0, 0), (SIZE + 1, 9999))) + SECOND,
        [MISSING],
    ),
    "both indexes, a video of the size of the picture": (
        jpeg(xmp("<c:Item/>" + item(Mime="video/mp4", Length=SIZE)), mp_index((0, 0), (SIZE, 9999))) + SECOND,
        [MISSING],
    ),
    "segments that are no index": (jpeg(*NOT_AN_INDEX), []),
    **{
        f"an MP index cut at {size}": (jpeg(segment(0xE2, mp_index((0, 0), (9, 999))[4:][:size])), [])
        for size in range(4, 85, 9)
    },
}


@pytest.mark.parametrize(("body", "warnings"), list(PICTURES.values()), ids=list(PICTURES))
def test_jpeg_warns_of_pictures_that_its_index_names_and_it_does_not_hold(body: bytes, warnings: list[str]) -> None:
    image = verify(body, LIMITS)
    assert (image.width, image.height, image.frames, list(image.warnings)) == (3, 2, 1, warnings)


def test_multi_picture_file_of_an_encoder_is_its_first_picture_and_has_all_others() -> None:
    target = BytesIO()
    others = [Pillow.new("RGB", (20, side)) for side in (20, 30)]
    Pillow.new("RGB", (12, 8)).save(target, "MPO", save_all=True, append_images=others)
    body = target.getvalue()
    image = verify(body, LIMITS)
    assert (image.width, image.height, image.frames, image.warnings) == (12, 8, 1, ())
    assert verify(body[:-1], LIMITS).warnings == (MISSING, TRAILING)

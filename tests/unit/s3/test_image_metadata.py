"""The facts of an image as metadata of its object: what is written, and what else is not believed."""

from typing import Any

import pytest

from intake.image.formats import FORMATS
from intake.model.image_info import ImageInfo, ImageWarning
from intake.s3.image_metadata import parse_image, to_headers

WARNINGS = (ImageWarning.MISSING_PICTURES, ImageWarning.TRAILING_DATA)
IMAGES = [
    ImageInfo(name, 1000, 750, 1, row.content_type, row.extension, warnings, is_decoded)
    for name, row in FORMATS.items()
    for warnings, is_decoded in (((), False), (WARNINGS, True))
] + [ImageInfo("gif", 1, 4_294_967_295, 1_000_000, "image/gif", "gif", (ImageWarning.MISSING_TRAILER,))]
HEADERS = {
    "content-type": "image/jpeg",
    "x-amz-meta-width": "1000",
    "x-amz-meta-height": "750",
    "x-amz-meta-frames": "1",
    "x-amz-meta-warnings": "trailing_data",
}
"""As S3 returns them; the names are in lower case."""


def parse(key: str = "images/3f/3f9a.jpg", **changed: str | None) -> ImageInfo | None:
    """Parse the headers above with some of them replaced, or left out where the value is None."""
    headers = HEADERS | {name.replace("_", "-"): value for name, value in changed.items()}
    return parse_image(key, {name: value for name, value in headers.items() if value is not None})


def test_headers_have_decimal_numbers_and_codes() -> None:
    image = ImageInfo("jpeg", 1000, 750, 1, "image/jpeg", "jpg")
    expected = {name: value for name, value in HEADERS.items() if "warnings" not in name}
    assert {name.lower(): value for name, value in to_headers(image).items()} == expected
    assert to_headers(image._replace(warnings=WARNINGS))["x-amz-meta-warnings"] == "missing_pictures,trailing_data"
    assert to_headers(image._replace(is_decoded=True))["x-amz-meta-verification"] == "decode"


@pytest.mark.parametrize("text", ["", "Decode", "decode ", "structure", "true", "decode,decode"])
def test_image_is_not_decoded_when_the_verification_is_not_as_we_write_it(text: str) -> None:
    image = parse(x_amz_meta_verification=text)
    assert image is not None
    assert not image.is_decoded


@pytest.mark.parametrize("image", IMAGES, ids=str)
def test_image_is_the_one_that_was_written(image: ImageInfo) -> None:
    headers = {name.lower(): value for name, value in to_headers(image).items()}
    assert parse_image(f"images/3f/3f9a.{image.extension}", headers) == image


@pytest.mark.parametrize("name", ["width", "height", "frames"])
@pytest.mark.parametrize(
    "text",
    [None, "", "0", "-1", "+1", "01", "1.0", "1e3", "0x10", "1_000", " 1", "1\n", "1,000", "1, 1", "\u0661", "9" * 11],
)
def test_image_is_unknown_when_a_number_is_not_as_we_write_it(name: str, text: str | None) -> None:
    changed: dict[str, Any] = {f"x_amz_meta_{name}": text}
    assert parse(**changed) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        ",",
        "unknown",
        "trailing_data,",
        "trailing_data, missing_pictures",
        "trailing_data,trailing_data",
        "trailing_data,unknown",
        "TRAILING_DATA",
        "unclean_close",  # of a transfer, not of the bytes
    ],
)
def test_image_is_unknown_when_a_warning_is_not_as_we_write_it(text: str) -> None:
    assert parse(x_amz_meta_warnings=text) is None


@pytest.mark.parametrize(
    ("key", "content_type"),
    [
        ("images/3f/3f9a.jpg", None),
        ("images/3f/3f9a.jpg", "image/png"),
        ("images/3f/3f9a.jpg", "binary/octet-stream"),
        ("images/3f/3f9a.jpg", "image/jpeg; charset=binary"),
        ("images/3f/3f9a.png", "image/jpeg"),
        ("images/3f/3f9a.jpeg", "image/jpeg"),
        ("images/3f/3f9a.JPG", "image/jpeg"),
        ("images/3f/3f9a.svg", "image/svg+xml"),
        ("images/3f/3f9a", "image/jpeg"),
    ],
)
def test_image_is_unknown_when_key_and_content_type_are_not_of_one_type(key: str, content_type: str | None) -> None:
    assert parse(key, content_type=content_type) is None

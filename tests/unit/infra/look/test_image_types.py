"""Which images browsers draw, and the media type with which S3 sends an object."""

import pytest
from infra.look.image_types import DRAWN, NOT_DRAWN, content_type_of, type_name

from intake.image.formats import FORMATS


def test_every_format_of_the_service_is_drawn_or_saved() -> None:
    assert {row.extension for row in FORMATS.values()} <= DRAWN.keys() | NOT_DRAWN
    assert {row.extension: row.content_type for row in FORMATS.values()}.items() >= DRAWN.items()


@pytest.mark.parametrize(
    ("expected", "key"),
    [
        ("image/jpeg", "images/ab/ab.jpg"),
        ("application/octet-stream", "images/ab/ab.tiff"),
        ("application/octet-stream", "images/ab/ab.svg"),
        ("application/octet-stream", "images/ab/ab.html"),
        ("application/octet-stream", "images/"),
    ],
)
def test_response_of_s3_is_an_image_or_a_file_to_save(expected: str, key: str) -> None:
    assert content_type_of(key) == expected


@pytest.mark.parametrize(
    ("expected", "content_type"),
    [
        ("JPEG", "image/jpeg"),
        ("WebP", "image/webp"),
        *(("JPEG 2000", f"image/{kind}") for kind in ("jp2", "j2c")),
        *(("ICO", "image/vnd.microsoft.icon"), ("CUR", "image/x-win-bitmap"), ("PNM", "image/x-portable-anymap")),
        ("\\U202EX", "image/\u202ex"),
    ],
)
def test_type_has_a_name_for_people(expected: str, content_type: str) -> None:
    assert type_name(content_type) == expected

"""Which images browsers draw, and the media type with which S3 sends an object."""

import pytest
from infra.look.image_types import DRAWN, NOT_DRAWN, content_type_of, type_name

from intake.image.formats import FORMATS


def test_every_format_of_the_service_is_drawn_or_saved() -> None:
    assert {row.extension for row in FORMATS.values()} <= DRAWN.keys() | NOT_DRAWN
    assert {row.extension: row.content_type for row in FORMATS.values()}.items() >= {
        (extension, kind) for extension, kind in DRAWN.items() if extension != "ico"
    }


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
    [("JPEG", "image/jpeg"), ("WebP", "image/webp"), ("JPEG 2000", "image/jp2"), ("\\U202EX", "image/\u202ex")],
)
def test_type_has_a_name_for_people(expected: str, content_type: str) -> None:
    assert type_name(content_type) == expected

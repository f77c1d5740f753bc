"""Where things stand in the bucket."""

import pytest

from intake.model.image_info import ImageInfo
from intake.model.object_keys import image_key, receipt_key

SHA256 = "3f9a" + "0" * 60


@pytest.mark.parametrize(
    ("extension", "type_"),
    [
        ("jpg", "jpeg"),
        ("png", "png"),
        ("gif", "gif"),
        ("webp", "webp"),
        ("bmp", "bmp"),
        ("tiff", "tiff"),
        ("avif", "avif"),
    ],
)
def test_an_image_stands_under_the_digest_and_the_type_of_its_bytes(extension: str, type_: str) -> None:
    assert image_key(SHA256, ImageInfo(type_, 1, 1, 1)) == f"images/3f/{SHA256}.{extension}"


def test_a_receipt_stands_under_the_id_of_its_file() -> None:
    assert receipt_key("lot-7-cam-2") == "receipts/lot-7-cam-2.json"

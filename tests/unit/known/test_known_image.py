"""KnownImage: the key of its object, and when it is fresh."""

import pytest

from intake.known.known_image import KnownImage
from intake.model.image_info import ImageInfo

DIGEST = "3f" + "a" * 62
NOW = 1_795_953_600.0


def known_until(fresh_until: float | None) -> KnownImage:
    image = ImageInfo("tiff", 8, 8, 1, "image/tiff", "tiff")
    return KnownImage(bytes(32), DIGEST, 1, image, fresh_until=fresh_until)


def test_key_is_that_of_the_stored_object() -> None:
    assert f"images/3f/{DIGEST}.tiff" == known_until(None).key


@pytest.mark.parametrize(
    ("expected", "fresh_until"),
    [
        (True, NOW + 1),
        (True, NOW + 300),
        (False, NOW),
        (False, NOW - 1),
        (False, None),
        # The clock went back, or somebody changed the document: nothing is fresh for more than five minutes.
        (False, NOW + 301),
        (False, 2.0**40),
    ],
)
def test_image_is_fresh_until_its_time_and_for_five_minutes_at_most(
    expected: bool,  # noqa: FBT001 - the expected value
    fresh_until: float | None,
) -> None:
    assert expected is known_until(fresh_until).is_fresh(NOW)

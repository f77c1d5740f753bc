"""The pictures of a run, as the service sees them."""

import pytest
from infra.smoke.pictures import draw

from intake.image.formats import FORMATS
from intake.image.verify import verify
from intake.model.error_codes import InvalidImage
from intake.model.limits import Limits


@pytest.mark.parametrize(
    ("expected", "allowed", "base_images"),
    [
        (["jpeg", "png", "webp", "jpeg"], list(FORMATS), 100),
        (["jpeg", "jpeg"], list(FORMATS), 2),
        (["jpeg", "png", "jpeg"], list(FORMATS), 3),
        (["tiff", "avif", "tiff"], ["avif", "tiff"], 100),
        (["gif", "gif"], ["gif"], 100),
        (["bmp", "bmp"], ["bmp"], 100),
        (["jpeg", "jpeg"], ["heic"], 100),
    ],
)
def test_pictures_have_formats_that_the_stack_accepts(
    expected: list[str], allowed: list[str], base_images: int
) -> None:
    pictures = draw(allowed, base_images)
    assert [picture.kind for picture in pictures] == expected
    *whole, truncated = pictures
    for picture in whole:
        info = verify(picture.body, Limits())
        assert (info.content_type, picture.is_whole) == (picture.content_type, True)
        assert picture.key.endswith(f"/{picture.sha256}.{info.extension}")
    assert not truncated.is_whole
    with pytest.raises(InvalidImage):
        verify(truncated.body, Limits())


def test_pictures_of_two_runs_differ() -> None:
    keys = [picture.key for _ in range(2) for picture in draw(list(FORMATS), 100)]
    assert len(set(keys)) == len(keys)

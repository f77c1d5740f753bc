"""The pictures of a run, as the service sees them."""

import pytest
from infra.smoke.pictures import draw

from intake.image.formats import FORMATS
from intake.image.verify import verify
from intake.model.error_codes import InvalidImage
from support.sample_images import ANY_TYPE


@pytest.mark.parametrize(
    ("expected", "allowed", "base_images"),
    [
        (["jpeg", "png", "webp", "jpeg"], list(FORMATS), 100),
        (["jpeg", "jpeg"], list(FORMATS), 2),
        (["jpeg", "png", "jpeg"], list(FORMATS), 3),
        (["tiff", "avif", "tiff"], ["avif", "tiff"], 100),
        (["gif", "gif"], ["gif"], 100),
        (["bmp", "bmp"], ["bmp"], 100),
        (["jp2", "pnm", "ico", "jp2"], ["ico", "pnm", "jp2"], 100),
        (["j2c", "j2c"], ["j2c"], 100),
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
        info = verify(picture.body, ANY_TYPE)
        assert (info.content_type, picture.is_whole) == (picture.content_type, True)
        assert picture.key.endswith(f"/{picture.sha256}.{info.extension}")
    assert not truncated.is_whole
    with pytest.raises(InvalidImage):
        verify(truncated.body, ANY_TYPE)


def test_pictures_of_two_runs_differ() -> None:
    keys = [picture.key for _ in range(2) for picture in draw(list(FORMATS), 100)]
    assert len(set(keys)) == len(keys)

"""A short round of `make fuzz`, and whether it would find what it looks for."""

from collections.abc import Callable

import pytest

from fuzz import judge
from fuzz.__main__ import play
from fuzz.structure import join, split
from intake.image.verify import verify
from intake.model.errors import NotFound
from intake.model.image_info import ImageInfo
from intake.model.limits import Limits
from support.sample_images import SAMPLES

INPUTS = 20_000


def test_no_walk_does_what_none_may() -> None:
    """Fifty ways to end are half of those that a million images find: the mutations get past the first checks."""
    found = play(INPUTS, "every change")

    assert found.wrong == {}
    assert sum(found.ways.values()) == INPUTS
    assert len(found.ways) > 50
    assert {way.partition(",")[0] for way in found.ways if way.startswith("image: ")} == {
        f"image: {sample.type}" for sample in SAMPLES.values()
    }


def test_the_same_seed_makes_the_same_images() -> None:
    assert play(500, "a seed").ways == play(500, "a seed").ways != play(500, "another").ways


@pytest.mark.parametrize("name", SAMPLES)
def test_an_image_taken_apart_and_put_together_is_the_image_again(name: str) -> None:
    """Mutations would else be of something that was broken before."""
    data = SAMPLES[name].data
    parts = split(data)
    if parts is not None:
        assert verify(data, Limits()) == verify(join(data, parts), Limits())
        assert len(parts) > (0 if data.startswith(b"RIFF") else 1)


def crash(body: bytes, limits: Limits) -> ImageInfo:
    if body[:2] == b"GI" and len(body) % 50 == 0:
        raise IndexError
    return verify(body, limits)


def of_another_tree(body: bytes, limits: Limits) -> ImageInfo:
    if len(body) % 50 == 0:
        raise NotFound
    return verify(body, limits)


def blind_to_cuts(body: bytes, limits: Limits) -> ImageInfo:
    return ImageInfo("jpeg", len(body), 1, 1) if body[:2] == b"\xff\xd8" else verify(body, limits)


def blind_to_the_middle(body: bytes, limits: Limits) -> ImageInfo:
    return ImageInfo("jpeg", 1, 1, 1) if body[:2] == b"\xff\xd8" and len(body) % 3 == 0 else verify(body, limits)


def without_limits(body: bytes, _: Limits) -> ImageInfo:
    return verify(body, Limits(max_image_pixels=10**12))


@pytest.mark.parametrize(
    ("reason", "walk"),
    [
        ("IndexError came out", crash),
        ("NotFound came out", of_another_tree),
        ("bytes are ImageInfo", blind_to_cuts),
        ("bytes are whole, its first", blind_to_the_middle),
        ("is over the limits", without_limits),
    ],
)
def test_a_walk_that_does_is_found(
    monkeypatch: pytest.MonkeyPatch, reason: str, walk: Callable[[bytes, Limits], ImageInfo]
) -> None:
    monkeypatch.setattr(judge, "verify", walk)

    assert any(reason in wrong for wrong in play(2000, "planted").wrong.values())


def test_a_walk_that_takes_too_long_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "MAX_SECONDS", 0.0)

    assert all(wrong.startswith("it took ") for wrong in play(5, "slow").wrong.values())

"""A body as it streams in."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intake.download.image_body import ImageBody
from intake.model.errors import EmptyBody, IncompleteBody, TooLarge, UnsupportedType
from support.sample_images import picture

PNG = picture(8, 8, 1, "png")


def received(chunks: Sequence[bytes], *, length: int | None, most: int = 10_000, accepted: str = "png") -> bytes:
    body = ImageBody(length, most, (accepted,))
    for chunk in chunks:
        body.add(chunk)
    whole, digest = body.finish()
    assert digest == hashlib.sha256(whole).hexdigest()
    return bytes(whole)


@settings(deadline=None)
@given(st.lists(st.integers(0, len(PNG))), st.booleans())
def test_however_a_body_is_cut_into_chunks_it_is_whole_again(cuts: list[int], announced: bool) -> None:  # noqa: FBT001
    places = [0, *sorted(cuts), len(PNG)]
    chunks = [PNG[start:end] for start, end in pairwise(places)]
    assert received(chunks, length=len(PNG) if announced else None) == PNG


@pytest.mark.parametrize("length", [None, 0, 10])
def test_no_byte_at_all_is_an_empty_body(length: int | None) -> None:
    with pytest.raises(EmptyBody):
        received([b""], length=length)


def test_fewer_bytes_than_announced_are_incomplete() -> None:
    with pytest.raises(IncompleteBody, match=f"sent {len(PNG) - 1} of {len(PNG)} bytes"):
        received([PNG[:-1]], length=len(PNG))


def test_more_bytes_than_announced_are_not_what_was_announced() -> None:
    with pytest.raises(IncompleteBody):
        received([PNG, b"!"], length=len(PNG))


@pytest.mark.parametrize("length", [None, 5])
def test_a_body_over_the_limit_is_cut_off_as_it_streams(length: int | None) -> None:
    body = ImageBody(length, len(PNG), ("png",))
    body.add(PNG)
    with pytest.raises(TooLarge, match=f"more than the {len(PNG)} bytes"):
        body.add(b"!")


def test_a_page_that_is_no_image_is_refused_with_its_first_16_bytes() -> None:
    body = ImageBody(None, 10_000, ("png",))
    body.add(b"<!doctype html>")
    with pytest.raises(UnsupportedType):
        body.add(b"<")


@pytest.mark.parametrize("first", [b"", b"<!doc"])
def test_what_it_is_comes_before_how_much_of_it_there_is(first: bytes) -> None:
    """The code must not depend on how much of an endless page came at once."""
    body = ImageBody(None, 100, ("png",))
    body.add(first)
    with pytest.raises(UnsupportedType):
        body.add(b"<!doctype html>" * 100)


def test_a_type_that_is_not_accepted_is_refused_with_its_first_16_bytes() -> None:
    with pytest.raises(UnsupportedType, match="type png are not accepted"):
        received([PNG[:16]], length=None, accepted="jpeg")


def test_a_short_body_is_left_to_the_walk() -> None:
    assert received([b"short"], length=5) == b"short"

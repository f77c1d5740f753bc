"""Collecting the body of an image."""

import hashlib
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.download.image_body import ImageBody
from intake.model.error_codes import BadResponse, EmptyBody, IncompleteBody, TooLarge, UnsupportedType
from support.sample_images import picture

PNG = picture(8, 8, 1, "png")


def collect(chunks: Sequence[bytes], *, length: int | None, max_bytes: int = 10_000, accepted: str = "png") -> bytes:
    body = ImageBody(length, max_bytes, (accepted,))
    for chunk in chunks:
        body.add(chunk)
    view, digest = body.finish()
    assert digest == hashlib.sha256(view).hexdigest()
    return bytes(view)


@given(st.lists(st.integers(0, len(PNG))), st.booleans())
def test_body_is_the_same_however_it_is_split_into_chunks(cuts: list[int], announced: bool) -> None:  # noqa: FBT001
    places = [0, *sorted(cuts), len(PNG)]
    chunks = [PNG[start:end] for start, end in pairwise(places)]
    assert collect(chunks, length=len(PNG) if announced else None) == PNG


@pytest.mark.parametrize("length", [None, 0, 10])
def test_body_without_a_byte_is_refused(length: int | None) -> None:
    with pytest.raises(EmptyBody):
        collect([b""], length=length)


@pytest.mark.parametrize("sent", [PNG[:-1], PNG[:20]])
def test_body_shorter_than_announced_is_incomplete(sent: bytes) -> None:
    """The HTTP client knows a Content-Length, but no Content-Range."""
    with pytest.raises(IncompleteBody, match=f"sent {len(sent)} of {len(PNG)} bytes"):
        collect([sent], length=len(PNG))


def test_body_longer_than_announced_is_refused_while_it_streams() -> None:
    body = ImageBody(len(PNG), 10_000, ("png",))
    body.add(PNG)
    with pytest.raises(BadResponse, match=f"more than the {len(PNG)} bytes that it announced"):
        body.add(b"!")


def test_body_over_the_limit_is_refused_while_it_streams() -> None:
    body = ImageBody(None, len(PNG), ("png",))
    body.add(PNG)
    with pytest.raises(TooLarge, match=f"more than the {len(PNG)} bytes"):
        body.add(b"!")


def test_body_that_is_no_image_is_refused_after_16_bytes() -> None:
    body = ImageBody(None, 10_000, ("png",))
    body.add(b"<!doctype html>")
    with pytest.raises(UnsupportedType):
        body.add(b"<")


@pytest.mark.parametrize("first", [b"", b"<!doc"])
def test_wrong_type_is_reported_before_wrong_size(first: bytes) -> None:
    """The error must not depend on how many bytes arrive at once."""
    body = ImageBody(None, 100, ("png",))
    body.add(first)
    with pytest.raises(UnsupportedType):
        body.add(b"<!doctype html>" * 100)


def test_type_that_is_not_accepted_is_refused_after_16_bytes() -> None:
    with pytest.raises(UnsupportedType, match="This is a PNG image; accepted types: jpeg"):
        collect([PNG[:16]], length=None, accepted="jpeg")


@pytest.mark.parametrize(
    ("chunks", "found"),
    [
        ([b"<!-- " + b"a" * 500 + b" --><svg xmlns='http://www.w3.org/2000/svg'>"], "an SVG image"),
        ([b"<!-- ", b"a" * 500 + b" --><svg xmlns='http://www.w3.org/2000/svg'>"], "an SVG image"),
        ([b"<!-- ", b"a" * 20, b" --><svg xmlns='http://www.w3.org/2000/svg'>"], "an XML document"),
        ([b"<!DOCTYPE html><html>" + bytes(100_000)], "an HTML page"),
    ],
)
def test_error_says_what_the_first_bytes_are_as_far_as_they_have_arrived(chunks: list[bytes], found: str) -> None:
    with pytest.raises(UnsupportedType, match=f"^This is {found}; accepted types: png\\.$"):
        collect(chunks, length=None)


def test_body_shorter_than_16_bytes_is_left_to_the_parser() -> None:
    assert collect([b"short"], length=5) == b"short"

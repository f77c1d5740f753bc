"""Collecting the body of an image."""

import hashlib
from collections.abc import AsyncIterator, Sequence
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


class Stream:
    """A stream whose pieces with an even number can be received into a buffer, as far as they fit, and no others.

    Attributes:
        received: bytes that were received into a buffer.
    """

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = list(enumerate(pieces, 1))
        self.received = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._pieces:
            yield self._pieces.pop(0)[1]

    async def receive_into(self, buffer: memoryview) -> int:
        if not self._pieces or self._pieces[0][0] % 2:
            return 0
        number, piece = self._pieces.pop(0)
        size = min(len(piece), len(buffer))
        buffer[:size] = piece[:size]
        if size < len(piece):
            self._pieces.insert(0, (number, piece[size:]))
        self.received += size
        return size


@pytest.mark.parametrize(
    ("ends", "length", "received"),
    [
        ([], len(PNG), 0),
        ([15, 30], len(PNG), 0),  # the type is not known after 15 bytes
        ([15, 30, 40], len(PNG), len(PNG) - 40),
        ([16], len(PNG), len(PNG) - 16),
        ([16, 30], len(PNG), 14),
        ([16, 30, 40], len(PNG), 14 + len(PNG) - 40),
        ([16, 30, 40], None, 0),
    ],
)
async def test_body_is_received_into_its_buffer_where_the_stream_can(
    ends: list[int], length: int | None, received: int
) -> None:
    pieces = [PNG[start:end] for start, end in pairwise([0, *ends, len(PNG)])]
    body, stream = ImageBody(length, 10_000, ("png",)), Stream(pieces)
    await body.receive(stream)

    view, digest = body.finish()
    assert (bytes(view), digest, stream.received) == (PNG, hashlib.sha256(PNG).hexdigest(), received)
    assert (view.obj is pieces[0]) is (not ends)  # a body in one piece is not copied


@pytest.mark.parametrize("extra", [b"!", PNG])
async def test_body_longer_than_announced_is_refused_when_it_is_received_into_its_buffer(extra: bytes) -> None:
    with pytest.raises(BadResponse):
        await ImageBody(len(PNG), 10_000, ("png",)).receive(Stream([PNG[:20], PNG[20:] + extra]))

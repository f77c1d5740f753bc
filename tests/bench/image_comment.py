"""A comment that makes an image of the benchmark unlike any other: its edition and its number.

A new edition makes new images of the same pictures: nothing is known of them.
"""

from support.crafted_images import segment

_COMMENT = 0xFE
_EDITION_BYTES = _NUMBER_BYTES = 4
_MARKER_BYTES = 4
_START_OF_IMAGE_BYTES = 2

SEGMENT_BYTES = _MARKER_BYTES + _EDITION_BYTES + _NUMBER_BYTES
"""What the comment adds to the size of an image."""

EDITION_AT = _START_OF_IMAGE_BYTES + _MARKER_BYTES
"""The offset of the edition: the comment is the first segment."""


def edition_bytes(edition: int) -> bytes:
    """Return an edition as it stands at `EDITION_AT`."""
    return edition.to_bytes(_EDITION_BYTES)


def with_comment(jpeg: bytes, number: int, edition: int = 0) -> bytes:
    """Return a JPEG with the comment."""
    comment = segment(_COMMENT, edition_bytes(edition) + number.to_bytes(_NUMBER_BYTES))
    return jpeg[:_START_OF_IMAGE_BYTES] + comment + jpeg[_START_OF_IMAGE_BYTES:]

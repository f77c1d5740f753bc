"""Verdict: the result of decoding an image whose structure is whole."""

from enum import StrEnum


class Verdict(StrEnum):
    """The result of decoding an image."""

    WHOLE = "whole"
    """The decoder read the image without a fault."""

    DAMAGED = "damaged"
    """The decoder found data that no encoder writes."""

    UNSURE = "unsure"
    """The decoder cannot read this kind of image, or it reports a fault that whole files of cameras have too."""


DECODED_TYPES = frozenset({"jpeg", "gif", "webp", "tiff", "avif"})
"""The image types that a decoder reads.

A PNG has a CRC for every chunk, which the structure checks. Every bit pattern of a BMP is a picture.
"""

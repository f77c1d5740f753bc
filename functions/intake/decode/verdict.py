"""Verdict: what a decoder says of an image whose structure is whole."""

from enum import StrEnum


class Verdict(StrEnum):
    """What a decoder says of an image."""

    WHOLE = "whole"
    """It decoded the image without a fault."""

    DAMAGED = "damaged"
    """It found data that no encoder writes."""

    UNSURE = "unsure"
    """It cannot read this kind of image, or it warns of something that files of real cameras have as well."""


DECODED_TYPES = frozenset({"jpeg", "gif", "webp", "tiff", "avif"})
"""The image types that a decoder reads.

A PNG has a CRC for every chunk, which the structure checks. Every bit pattern of a BMP is a picture.
"""

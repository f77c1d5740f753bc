"""Verification: how far an image is verified before it is stored, as the setting VERIFY says."""

from enum import StrEnum


class Verification(StrEnum):
    """How far an image is verified before it is stored."""

    STRUCTURE = "structure"
    """Its structure is parsed: it is whole, and has no long hole."""

    DECODE = "decode"
    """The same, then a decoder reads its pixels."""

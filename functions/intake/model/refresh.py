"""Refresh: when a known image is downloaded again (the setting REFRESH)."""

from enum import StrEnum


class Refresh(StrEnum):
    """When a known image is downloaded again."""

    ALWAYS = "always"
    """Always: nothing that is known of an image is used."""

    REVALIDATE = "revalidate"
    """If the origin says that it changed: every URL is requested, conditionally where it is known."""

    FRESH = "fresh"
    """The same, but the origin is not asked while its last response is fresh."""

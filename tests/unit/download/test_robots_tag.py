"""Which directives of X-Robots-Tag are for this service."""

import pytest

from intake.download.robots_tag import find_directives
from intake.model.limits import ROBOTS_DIRECTIVES


@pytest.mark.parametrize(
    ("expected", "lines"),
    [
        ("", []),
        ("", [""]),
        ("noai", ["noai"]),
        ("noai noimageai", ["NoAI,\tNOIMAGEAI "]),
        ("noai noindex", ["nofollow", " noindex , noai", "all"]),
        ("noindex", ["none"]),
        ("noindex", ["noimageindex"]),
        # Words that only contain a directive.
        ("", ["noaix, xnoai, no ai, noindexing, index, all, follow, nosnippet, noml"]),
        # For other robots, up to the end of the line or the next name.
        ("", ["googlebot: noindex, noai"]),
        ("noai", ["googlebot: noindex", "noai"]),
        ("noai", ["noai, googlebot: noindex"]),
        ("noai", ["googlebot: noindex, image-intake: noai"]),
        ("", ["image-intake: all, googlebot: noai"]),
        ("", ["image-intake-other: noai", "intake: noai", "not-image-intake: noai"]),
        # For this one, beside those for all.
        ("noai noindex", ["noindex", "Image-Intake: noai"]),
        ("noindex", ["noindex, image-intake: all"]),
        ("noai noimageai", ["image-intake:noai,noimageai"]),
        ("noai", ["image-intake/0.2: noai"]),
        ("noai", ["*: noai"]),
        # Directives with values have colons too, and dates have commas and colons.
        ("noai", ["unavailable_after: 25 Jun 2010 15:00:00 PST, noai"]),
        ("noai", ["unavailable_after: Friday, 25-Jun-10 15:00:00 UTC, noai"]),
        ("noai", ["max-snippet:-1, max-image-preview:large, max-video-preview: 3, noai"]),
        ("", ["otherbot: max-snippet: 5, noai"]),
        ("noai", ["image-intake: max-snippet: 5, noai"]),
        ("", [":", ": noai", ",,:,", "\xe9: noai"]),
    ],
)
def test_directives_are_those_for_all_robots_and_for_this_service(expected: str, lines: list[str]) -> None:
    assert set(expected.split()) == find_directives(lines).intersection(ROBOTS_DIRECTIVES)


@pytest.mark.parametrize("text", ["," * 65_000, ":" * 65_000, "noai," * 13_000, "a:" * 32_000])
def test_longest_header_is_read(text: str) -> None:
    assert ("noai" in text) == ("noai" in find_directives([text]))

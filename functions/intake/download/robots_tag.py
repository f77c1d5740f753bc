"""Reads X-Robots-Tag: the directives that an origin sends for an image.

No standard describes the header. Google does ("Robots meta tag, data-nosnippet, and X-Robots-Tag specifications"), and
DeviantArt the directives `noai` and `noimageai` ("All Deviations Are Opted Out of AI Datasets", 2022):

    X-Robots-Tag: noindex, nofollow
    X-Robots-Tag: otherbot: noindex, nofollow, image-intake: noai
    X-Robots-Tag: unavailable_after: 25 Jun 2010 15:00:00 PST, max-image-preview:large

Directives are for all robots. After the name of a robot and a colon, they are for that robot, up to the next name or
the end of the line. Case does not matter. If a robot has directives of its own, those for all robots
count too.
"""

from collections.abc import Iterable

_OUR_NAMES = frozenset({"image-intake", "*"})
_WITH_VALUE = frozenset({"unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"})
"""Directives with a value after a colon. Any other colon follows the name of a robot."""

_MEANINGS = {"none": "noindex", "noimageindex": "noindex"}
"""Directives that include another one: `none` is `noindex, nofollow`; `noimageindex` is the `noindex` of images."""


def find_directives(lines: Iterable[str]) -> set[str]:
    """Return the directives for this service, in lower case. The set may contain other text, such as parts of dates.

    Args:
        lines: the value of each X-Robots-Tag of the response.
    """
    found: set[str] = set()
    for line in lines:
        is_for_us = True
        for item in line.lower().split(","):
            name, colon, directive = map(str.strip, item.partition(":"))
            if not colon or name in _WITH_VALUE or " " in name:  # a date may have a comma, and a time has colons
                directive = item.strip()
            else:
                is_for_us = name.partition("/")[0] in _OUR_NAMES
            if is_for_us:
                found.add(_MEANINGS.get(directive, directive))
    return found

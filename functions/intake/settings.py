"""The table of settings: what each variable of the environment is called, how it is read, and what it is for."""

import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from intake.model.limits import IMAGE_TYPES, MIB, Limits

_WHOLE = re.compile(r"[0-9]{1,20}")
_SECONDS = re.compile(r"[0-9]{1,4}(\.[0-9]{1,6})?")
_HOST = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")

REQUIRED = object()
"""Stands for the default of a setting that has none."""


@dataclass(frozen=True, slots=True)
class Setting[T]:
    """One variable of the environment.

    Attributes:
        name: of the variable.
        read: turns its text into a value, or raises ValueError.
        expected: what it should be, as the error says it.
        description: what it is for, as the docs say it.
        default: its value where the variable is missing or empty; REQUIRED if there is none.
        default_text: the default as the docs say it.
    """

    name: str
    read: Callable[[str], T]
    expected: str
    description: str
    default: T | Any = REQUIRED
    default_text: str = ""


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not _WHOLE.fullmatch(text) or not least <= int(text) <= most:
            raise ValueError(text)
        return int(text)

    return read


def _seconds(most: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        if not _SECONDS.fullmatch(text) or not 0 < float(text) <= most:
            raise ValueError(text)
        return float(text)

    return read


def _listed[T](read: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    def read_all(text: str) -> tuple[T, ...]:
        items = tuple(read(item.strip()) for item in text.split(",") if item.strip())
        if not items:
            # Nothing but commas: for some settings an empty list would mean "any", which nobody wrote.
            raise ValueError(text)
        return items

    return read_all


def _bucket(text: str) -> str:
    if not _BUCKET.fullmatch(text):
        raise ValueError(text)
    return text


def _host(text: str) -> str:
    if not _HOST.fullmatch(text.lower()):
        raise ValueError(text)
    return text.lower()


def _network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)  # 10.1.2.3/8 says what it means


def _image_type(text: str) -> str:
    if text not in IMAGE_TYPES:
        raise ValueError(text)
    return text


def _printable(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise ValueError(text)
    return text


_ANY_SECONDS = "seconds, more than 0 and at most 900"


def _limit(
    name: str, read: Callable[[str], Any], expected: str, description: str, default_text: str = ""
) -> Setting[Any]:
    default = next(f.default for f in fields(Limits) if f.name == name.lower())
    return Setting(name, read, expected, description, default, default_text or _show(default))


def _show(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


IMAGE_BUCKET = Setting("IMAGE_BUCKET", _bucket, "the name of a bucket", "Where images and receipts are stored.")
INBOX_BUCKET = Setting(
    "INBOX_BUCKET",
    _bucket,
    "the name of a bucket, not that of IMAGE_BUCKET",
    "Where manifests and bulk lists are put; without one there is only the synchronous answer.",
    "",
    "none",
)
CONTACT = Setting(
    "CONTACT",
    _printable,
    "printable ASCII: a URL or a mail address",
    "Who answers for the requests; stands in the User-Agent.",
    "",
    "none",
)
LIMITS: tuple[Setting[Any], ...] = (
    _limit("MAX_BASE_IMAGES", _whole(1, 500), "a whole number from 1 to 500", "Base images in one File."),
    _limit("MAX_IMAGE_BYTES", _whole(1, 1024 * MIB), "bytes, 1 to 1073741824", "Bytes of one image."),
    _limit(
        "MAX_IMAGE_PIXELS",
        _whole(1, 10**10),
        "a whole number from 1 to 10000000000",
        "Width times height of one image.",
    ),
    _limit(
        "MAX_IMAGE_FRAMES",
        _whole(1, 10**6),
        "a whole number from 1 to 1000000",
        "Frames or pages of one image.",
    ),
    _limit("IMAGE_TYPES", _listed(_image_type), f"some of {','.join(IMAGE_TYPES)}", "Types that are accepted."),
    _limit("MAX_IN_FLIGHT", _whole(1, 256), "a whole number from 1 to 256", "Images at work at once."),
    _limit(
        "MAX_PER_ORIGIN",
        _whole(1, 1024),
        "a whole number from 1 to 1024",
        "Requests to one origin at once; halved on 429, 503 or a refused connection, grown back slowly. "
        "Set 8 for sites that are not yours.",
    ),
    _limit(
        "MEMORY_BUDGET_BYTES",
        _whole(1, 10 * 1024 * MIB),
        "bytes, 1 to 10737418240",
        "Bodies in flight, those of one host at most half; an image waits until there is room for it.",
        "3/4 of the function's memory beyond 192 MiB",
    ),
    _limit("CONNECT_TIMEOUT", _seconds(900), _ANY_SECONDS, "DNS, TCP and TLS together."),
    _limit("READ_TIMEOUT", _seconds(900), _ANY_SECONDS, "Silence of an origin."),
    _limit("IMAGE_TIMEOUT", _seconds(900), _ANY_SECONDS, "One image, all attempts and redirects."),
    _limit("MAX_ATTEMPTS", _whole(1, 10), "a whole number from 1 to 10", "Attempts for one image."),
    _limit(
        "MAX_REDIRECTS",
        _whole(0, 20),
        "a whole number from 0 to 20",
        "Redirects that are followed in one attempt.",
    ),
    _limit(
        "ALLOWED_HOSTS",
        _listed(_host),
        "host names with commas between them, *.cdn.example for every name below one",
        "The only hosts that are asked.",
        "any public host",
    ),
    _limit(
        "ALLOWED_PORTS",
        _listed(_whole(1, 65535)),
        "ports with commas between them",
        "The only ports that are asked.",
    ),
    _limit(
        "ALLOWED_NETWORKS",
        _listed(_network),
        "CIDRs with commas between them, such as 10.1.0.0/16",
        "Networks that are dialled although they are not public.",
        "none",
    ),
    _limit(
        "DEADLINE_MARGIN",
        _seconds(10),
        "seconds, more than 0 and at most 10",
        "Kept of the function's time for the receipt and the answer.",
    ),
)
SETTINGS: tuple[Setting[Any], ...] = (IMAGE_BUCKET, INBOX_BUCKET, *LIMITS, CONTACT)
VARIABLES: tuple[str, ...] = tuple(setting.name for setting in SETTINGS)

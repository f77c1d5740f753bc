"""KnownDocument: what is known of the images of a File, as JSON for other environments.

    {"version": 1, "writtenAt": "2026-11-29T12:00:00Z", "images": {"<url_key, 64 hex digits>": {
        "key": "images/3f/3f9a....jpg", "bytes": 153582, "width": 1000, "height": 750, "frames": 1,
        "finalUrl": "<its url_key, if it is another>", "etag": "...", "lastModified": "...", "freshUntil": 1795953600,
        "warnings": ["trailing_data"], "verification": "decode", "absentDirectives": ["noai"]}}}

Digest, type and content type follow from `key`. Members without a value are left out. A stored receipt has the same
members as its member `known`.
"""

import json
import re
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any, NamedTuple, Self

from intake.image.formats import FORMATS, NAMES_BY_EXTENSION
from intake.known.known_image import KnownImage
from intake.known.validators import Validators
from intake.model.image_info import ImageInfo, ImageWarning
from intake.model.limits import ROBOTS_DIRECTIVES
from intake.model.object_keys import image_key, parse_image_key
from intake.model.verification import Verification

_VERSION = 1
_MAX_BYTES = 1024 * 1024
"""501 images, the most that a File can have, with the longest entity tags, take 600 KB."""

_MAX_NUMBER = 2**40
_NUMBERS = itemgetter("bytes", "width", "height", "frames")
_WARNINGS: frozenset[str] = frozenset(ImageWarning)
_DIRECTIVES, _NONE = frozenset(ROBOTS_DIRECTIVES), frozenset[str]()
_DIGEST = re.compile("[0-9a-f]{64}")
_TIME = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


class KnownDocument(NamedTuple):
    """What is known of some URLs.

    Attributes:
        images: what is known, by the `url_key` of each URL.
        written_at: Unix seconds; the JSON has whole ones.
    """

    images: dict[bytes, KnownImage]
    written_at: float

    def to_json(self) -> bytes:
        return json.dumps(self.to_members(), separators=(",", ":")).encode()

    def to_members(self) -> dict[str, Any]:
        return {
            "version": _VERSION,
            "writtenAt": datetime.fromtimestamp(self.written_at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "images": {key.hex(): _encode(key, known) for key, known in self.images.items()},
        }

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Parse a document.

        Raises:
            ValueError: `to_json` does not write such a document. Members that it does not write are ignored.
        """
        if len(body) > _MAX_BYTES:
            raise ValueError(f"expected at most {_MAX_BYTES} bytes, got {len(body)}")
        try:
            return cls.parse_members(json.loads(body.decode()))
        except RecursionError as error:
            raise ValueError("the JSON is nested too deeply") from error

    @classmethod
    def parse_members(cls, members: Any) -> Self:  # noqa: ANN401 - decoded JSON may be anything
        """Parse what `to_members` returns, after it was encoded as JSON and decoded.

        Raises:
            ValueError: `to_members` does not return such members. Members that it does not return are ignored.
        """
        try:
            if _parse_numbers((members["version"],)) != (_VERSION,):
                raise ValueError(f"expected version {_VERSION}")
            images = dict(_decode(*item) for item in members["images"].items())
            return cls(images, _parse_time(members["writtenAt"]))
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"a member is missing, or of another type: {error!r}") from error


def _encode(key: bytes, known: KnownImage) -> dict[str, Any]:
    validators, image = known.validators, known.image
    members: dict[str, Any] = {
        "key": image_key(known.sha256, image),
        "bytes": known.size,
        "width": image.width,
        "height": image.height,
        "frames": image.frames,
    }
    if known.final_url_key != key:
        members["finalUrl"] = known.final_url_key.hex()
    if validators is not None and validators.etag is not None:
        members["etag"] = validators.etag
    if validators is not None and validators.last_modified is not None:
        members["lastModified"] = validators.last_modified
    if known.fresh_until is not None:
        members["freshUntil"] = int(known.fresh_until)
    if image.warnings:
        members["warnings"] = list(image.warnings)
    if image.is_decoded:
        members["verification"] = Verification.DECODE
    if known.absent_directives:
        members["absentDirectives"] = sorted(known.absent_directives)
    return members


def _decode(url_key: str, entry: dict[str, Any]) -> tuple[bytes, KnownImage]:
    """Return one entry of `images`; KeyError or TypeError if a member is missing or of another type."""
    key = _parse_digest(url_key)
    digest, name = _parse_object_key(entry["key"])
    row = FORMATS[name]
    size, width, height, frames = _parse_numbers(_NUMBERS(entry))
    warnings = tuple(map(ImageWarning, _parse_codes(entry["warnings"], _WARNINGS))) if "warnings" in entry else ()
    absent = frozenset(_parse_codes(entry["absentDirectives"], _DIRECTIVES)) if "absentDirectives" in entry else _NONE
    is_decoded = "verification" in entry
    if is_decoded and entry["verification"] != Verification.DECODE:
        raise ValueError("expected the verification decode")
    has_validators = "etag" in entry or "lastModified" in entry
    return key, KnownImage(
        final_url_key=_parse_digest(entry["finalUrl"]) if "finalUrl" in entry else key,
        sha256=digest,
        size=size,
        image=ImageInfo(name, width, height, frames, row.content_type, row.extension, warnings, is_decoded),
        validators=Validators(entry.get("etag"), entry.get("lastModified")) if has_validators else None,
        fresh_until=float(_parse_numbers((entry["freshUntil"],))[0]) if "freshUntil" in entry else None,
        absent_directives=absent,
    )


def _parse_digest(text: str) -> bytes:
    if not _DIGEST.fullmatch(text):
        raise ValueError("expected a digest of 64 hex digits")
    return bytes.fromhex(text)


def _parse_object_key(text: str) -> tuple[str, str]:
    """Return the digest and the name of the format."""
    digest, extension = parse_image_key(text) or ("", "")
    if extension not in NAMES_BY_EXTENSION:
        raise ValueError("expected the key of an image")
    return digest, NAMES_BY_EXTENSION[extension]


def _parse_numbers(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if {*map(type, numbers)} != {int} or not 1 <= min(numbers) <= max(numbers) <= _MAX_NUMBER:
        raise ValueError(f"expected numbers from 1 to {_MAX_NUMBER}")
    return numbers


def _parse_codes(codes: list[str], known: frozenset[str]) -> list[str]:
    if type(codes) is not list or len(set(codes)) != len(codes) or not known.issuperset(codes):
        raise ValueError(f"expected a list of some of {', '.join(sorted(known))}, each at most once")
    return codes


def _parse_time(text: str) -> float:
    if not _TIME.fullmatch(text):
        raise ValueError("expected a time in UTC, in seconds")
    return datetime.fromisoformat(text).timestamp()

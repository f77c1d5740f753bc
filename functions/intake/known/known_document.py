"""KnownDocument: what is known of the images of a File, as JSON for other environments.

    {"version": 1, "writtenAt": "2026-11-29T12:00:00Z", "images": {"<url_key, 64 hex digits>": {
        "finalUrl": "<its url_key, if it is another>", "etag": "...", "lastModified": "...", "freshUntil": 1795953600,
        "key": "images/3f/3f9a....jpg", "bytes": 153582, "width": 1000, "height": 750, "frames": 1,
        "warnings": ["trailing_data"]}}}

Digest, type and content type follow from `key`. Members without a value are left out. The same members are embedded in
a stored receipt as its member `known`.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Self

from intake.image.formats import FORMATS
from intake.known.known_image import KnownImage
from intake.known.validators import Validators
from intake.model.image_info import ImageInfo, ImageWarning

_VERSION = 1
_MAX_BYTES = 1024 * 1024
"""501 images, the most that a File can have, with an entity tag of 256 backslashes each, are 550 KB."""

_MAX_NUMBER = 2**40
_FORMAT_OF = {row.extension: (name, row.content_type) for name, row in FORMATS.items()}
_URL_KEY = re.compile("[0-9a-f]{64}")
_OBJECT_KEY = re.compile(rf"images/([0-9a-f]{{2}})/(\1[0-9a-f]{{62}})\.({'|'.join(_FORMAT_OF)})")
_TIME = re.compile("20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def known_document_key(url_keys: Iterable[bytes]) -> str:
    """`known/{digest}.json`: the document of a set of URLs, in whatever order and however often each is named."""
    return f"known/{sha256(b''.join(sorted(set(url_keys)))).hexdigest()}.json"


@dataclass(frozen=True, slots=True)
class KnownDocument:
    """What is known of some URLs.

    Attributes:
        images: what is known, by the `url_key` of each URL.
        written_at: Unix seconds; the document has whole ones.
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
            ValueError: `to_json` does not write such a document. Members that it does not know are ignored.
        """
        if len(body) > _MAX_BYTES:
            raise ValueError(f"expected at most {_MAX_BYTES} bytes, got {len(body)}")
        try:
            return cls.parse_members(json.loads(body.decode()))
        except RecursionError as error:
            raise ValueError("the JSON is nested too deeply") from error

    @classmethod
    def parse_members(cls, members: object) -> Self:
        """Parse what `to_members` returns, once it was decoded from JSON.

        Raises:
            ValueError: `to_members` does not return such members. Members that it does not know are ignored.
        """
        match members:
            case {"version": int(version), "writtenAt": str(written_at), "images": dict(images)} if version == _VERSION:
                return cls(dict(_decode(key, entry) for key, entry in images.items()), _parse_time(written_at))
        raise ValueError(f"expected version {_VERSION}, writtenAt and images")


def _encode(key: bytes, known: KnownImage) -> dict[str, Any]:
    validators, image = known.validators, known.image
    members = {
        "finalUrl": None if known.final_url_key == key else known.final_url_key.hex(),
        "etag": None if validators is None else validators.etag,
        "lastModified": None if validators is None else validators.last_modified,
        "freshUntil": None if known.fresh_until is None else int(known.fresh_until),
        "key": known.key,
        "bytes": known.size,
        "width": image.width,
        "height": image.height,
        "frames": image.frames,
        "warnings": list(image.warnings) or None,
    }
    return {name: value for name, value in members.items() if value is not None}


def _decode(url_key: str, entry: object) -> tuple[bytes, KnownImage]:
    entry = _expect(dict, entry)
    key = _parse_url_key(url_key)
    digest, image = _parse_image(entry)
    return key, KnownImage(
        final_url_key=_parse_url_key(entry["finalUrl"]) if "finalUrl" in entry else key,
        sha256=digest,
        size=_parse_number(entry.get("bytes")),
        image=image,
        validators=_parse_validators(entry),
        fresh_until=float(_parse_number(entry["freshUntil"])) if "freshUntil" in entry else None,
    )


def _parse_image(entry: dict[str, Any]) -> tuple[str, ImageInfo]:
    match = _OBJECT_KEY.fullmatch(_expect(str, entry.get("key")))
    if match is None:
        raise ValueError("expected the key of an image")
    name, content_type = _FORMAT_OF[match[3]]
    width, height, frames = (_parse_number(entry.get(side)) for side in ("width", "height", "frames"))
    warnings = _parse_warnings(entry["warnings"]) if "warnings" in entry else ()
    return match[2], ImageInfo(name, width, height, frames, content_type, match[3], warnings)


def _expect[Value](kind: type[Value], value: object) -> Value:
    """Return the value if it has exactly this type: JSON's true is no number."""
    if type(value) is kind:
        return value
    raise ValueError(f"expected {kind.__name__}, got {type(value).__name__}")


def _parse_url_key(text: object) -> bytes:
    if not _URL_KEY.fullmatch(_expect(str, text)):
        raise ValueError("expected a digest of 64 hex digits")
    return bytes.fromhex(_expect(str, text))


def _parse_number(number: object) -> int:
    if 1 <= _expect(int, number) <= _MAX_NUMBER:
        return _expect(int, number)
    raise ValueError(f"expected a number from 1 to {_MAX_NUMBER}")


def _parse_time(text: str) -> float:
    if not _TIME.fullmatch(text):
        raise ValueError("expected a time in UTC, with seconds")
    return datetime.fromisoformat(text).timestamp()


def _parse_validators(entry: dict[str, Any]) -> Validators | None:
    if "etag" in entry:
        return Validators(etag=_expect(str, entry["etag"]))
    if "lastModified" in entry:
        return Validators(last_modified=_expect(str, entry["lastModified"]))
    return None


def _parse_warnings(codes: object) -> tuple[ImageWarning, ...]:
    return tuple(ImageWarning(code) for code in _expect(list, codes))

"""The document in the image bucket that says until when no function sends a request to an origin.

{"version":1,"notBefore":"2026-11-22T12:00:30.000Z"}

`"neverAnswered":true` is added if connections to the origin failed, and it has never sent the writer any response.
"""

import json
import re
from datetime import UTC, datetime
from typing import NamedTuple

_VERSION = 1
_MAX_BYTES = 1024
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")


class CoolDownDocument(NamedTuple):
    """The content of a document: a time in Unix seconds, and whether the origin has never answered its writer."""

    not_before: float
    never_answered: bool = False


def encode_cool_down(not_before: float, *, never_answered: bool = False) -> bytes:
    """Encode a time, given in Unix seconds, with milliseconds."""
    text = datetime.fromtimestamp(not_before, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    members = {"version": _VERSION, "notBefore": text} | ({"neverAnswered": True} if never_answered else {})
    return json.dumps(members, separators=(",", ":")).encode("ascii")


def parse_cool_down(body: bytes) -> CoolDownDocument | None:
    """Return the content of a document; None if it is not exactly such a document."""
    if len(body) > _MAX_BYTES:
        return None
    try:
        match json.loads(body):
            case {"version": int(version), "notBefore": str(text), **others}:
                never_answered = others == {"neverAnswered": True} and others["neverAnswered"] is True
                is_ours = version == _VERSION and version is not True and (never_answered or not others)
                if not is_ours or not _TIME.fullmatch(text):
                    return None
                return CoolDownDocument(datetime.fromisoformat(text).timestamp(), never_answered)
            case _:
                return None
    except (ValueError, RecursionError):
        return None

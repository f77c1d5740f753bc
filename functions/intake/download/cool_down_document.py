"""The document in the image bucket that says until when no function sends a request to an origin.

{"version":1,"notBefore":"2026-11-22T12:00:30.000Z"}
"""

import json
import re
from datetime import UTC, datetime

_VERSION = 1
_MAX_BYTES = 1024
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")


def encode_cool_down(not_before: float) -> bytes:
    """Encode a time, given in Unix seconds, with milliseconds."""
    text = datetime.fromtimestamp(not_before, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return json.dumps({"version": _VERSION, "notBefore": text}, separators=(",", ":")).encode("ascii")


def parse_cool_down(body: bytes) -> float | None:
    """Return the time of a document in Unix seconds; None if it is not exactly such a document."""
    if len(body) > _MAX_BYTES:
        return None
    try:
        match json.loads(body):
            case {"version": int(version), "notBefore": str(text), **others}:
                is_ours = version == _VERSION and version is not True and not others and _TIME.fullmatch(text)
                return datetime.fromisoformat(text).timestamp() if is_ours else None
            case _:
                return None
    except (ValueError, RecursionError):
        return None

"""Decides whether a server answers 304 to a conditional GET (RFC 9110, 13)."""

import hashlib
import re
from email.message import Message
from email.utils import parsedate_to_datetime

_ENTITY_TAG = re.compile(r'(?:W/)?("[^"]*")')


def etag_of(body: bytes) -> str:
    """Return a strong ETag: other bytes have another one."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def is_unchanged(headers: Message, etag: str, modified_at: float) -> bool:
    """Whether the client already has the current bytes. If-None-Match takes precedence (RFC 9110, 13.2.2).

    Args:
        headers: those of the request.
        etag: the current ETag.
        modified_at: Unix seconds since which the bytes are the current ones.
    """
    if tags := headers.get("If-None-Match"):
        return tags.strip() == "*" or etag in _ENTITY_TAG.findall(tags)
    try:
        return int(modified_at) <= parsedate_to_datetime(headers.get("If-Modified-Since", "")).timestamp()
    except ValueError:
        return False

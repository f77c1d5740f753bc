"""Reads `s3://bucket/key` and `s3://bucket/key?versionId=…` as the AWS CLI does: every character of the key is literal.

Only `?versionId=` at the very end is no part of the key. S3 gets key and version percent-encoded.
"""

import re
from ipaddress import AddressValueError, IPv4Address
from urllib.parse import quote

from intake.model.error_codes import InvalidUrl
from intake.model.url_faults import MAX_URL_LENGTH, describe_character

MAX_KEY_BYTES = 1024
"""The maximum length of a key in UTF-8 (Amazon S3 User Guide, "Naming Amazon S3 objects")."""

_FORM = "expected `s3://bucket/key`, and `?versionId=…` behind it for an older version"
"""The query stands alone, because failures are stored with URLs that lose theirs."""
_URL = re.compile(r"[sS]3://([^/]*)/?(.*?)(?:\?versionId=([^/?]*))?", re.DOTALL)
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")
_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_SEPARATORS = re.compile(r"[/\\]")


def is_bucket_name(text: str) -> bool:
    """Whether S3 permits the name for a bucket (Amazon S3 User Guide, "General purpose bucket naming rules")."""
    if _BUCKET.fullmatch(text) is None:
        return False
    try:
        IPv4Address(text)
    except AddressValueError:
        return True
    return False


def parse_s3(text: str) -> tuple[str, str]:
    """Return the bucket, and the target: path and query as S3 expects them, with the key behind the first slash.

    Args:
        text: a URL whose scheme is s3.

    Raises:
        InvalidUrl: it does not name an object.
    """
    match = _URL.fullmatch(text)
    if match is None:
        raise InvalidUrl(f"The URL begins with `s3:` and not with `s3://`: {_FORM}.")
    bucket, key, version = match.groups()
    if not is_bucket_name(bucket):
        raise InvalidUrl(
            "The URL names no bucket that can exist: expected 3 to 63 lowercase letters, digits, hyphens and dots "
            "between `s3://` and the next slash."
        )
    _require_readable_key(key)
    if version == "":
        raise InvalidUrl(f"The version of the URL is empty: {_FORM}.")
    if len(text) > MAX_URL_LENGTH:
        raise InvalidUrl(f"The URL is longer than {MAX_URL_LENGTH} characters.")
    if fault := _FORBIDDEN.search(text):
        position = fault.start() + 1
        raise InvalidUrl(f"The URL has at position {position} {describe_character(fault[0])}; remove or replace it.")
    target = "/" + quote(key, safe="/~")
    return bucket, target if version is None else f"{target}?versionId={quote(version, safe='~')}"


def _require_readable_key(key: str) -> None:
    """Refuse a key that S3 refuses."""
    if not key:
        raise InvalidUrl(f"The URL has no key: {_FORM}.")
    if len(key.encode(errors="surrogatepass")) > MAX_KEY_BYTES:
        raise InvalidUrl(f"The key of the URL is longer than the {MAX_KEY_BYTES} bytes that S3 permits.")
    # A server that resolves these segments, with the bucket in the path, would read another bucket.
    if _climbs(key):
        raise InvalidUrl("The key of the URL has more `..` than names before them, which S3 refuses.")


def _climbs(key: str) -> bool:
    """Whether a file system would look for the key outside of its bucket."""
    depth = 0
    for segment in _SEPARATORS.split(key):
        if segment == "..":
            depth -= 1
        elif segment not in {"", "."}:
            depth += 1
        if depth < 0:
            return True
    return False

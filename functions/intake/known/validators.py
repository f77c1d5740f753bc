"""Validators: what an origin sends to ask later whether its image changed (RFC 9110, 8.8)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from time import time
from typing import Self

from intake.known.http_date import parse_http_date

_MAX_ETAG_LENGTH = 256
_ETAG = re.compile(r'"[!#-~]*"')
"""A strong entity tag (RFC 9110, 8.8.3) in ASCII: other characters do not survive the decoding of a field."""

_MIN_SECONDS_UNCHANGED = 60
"""An image that changed twice within one second has one Last-Modified (RFC 9110, 8.8.2.2)."""


@dataclass(frozen=True, slots=True)
class Validators:
    """The strong validators of a response. Their texts are safe in a request header, wherever they come from.

    Attributes:
        etag: the entity tag with its quotation marks.
        last_modified: the HTTP date as the origin sent it.

    Raises:
        ValueError: `etag` is no strong entity tag, `last_modified` is no HTTP date, or both are None.
    """

    etag: str | None = None
    last_modified: str | None = None

    def __post_init__(self) -> None:
        if self.etag is not None and not _is_strong_etag(self.etag):
            raise ValueError("expected a strong entity tag")
        if self.last_modified is not None and parse_http_date(self.last_modified) is None:
            raise ValueError("expected an HTTP date")
        if self.etag is None and self.last_modified is None:
            raise ValueError("expected an entity tag or an HTTP date")

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self | None:
        """Return the strong validators of a response: its entity tag, else its Last-Modified, else None.

        A weak entity tag says that the origin may change bytes without a new validator, so its Last-Modified is weak
        as well. A malformed entity tag, or several, counts as none.
        """
        etag = headers.get("etag")
        if etag is not None:
            if _is_strong_etag(etag):
                return cls(etag)
            if any(_is_weak(one) for one in etag.split(",")):
                return None
        last_modified = headers.get("last-modified")
        if last_modified is not None and _is_strong_date(last_modified, headers.get("date", "")):
            return cls(None, last_modified)
        return None

    def to_headers(self) -> dict[str, str]:
        """Return the condition of a GET that the origin answers with 304 if the image is unchanged."""
        if self.etag is not None:
            return {"If-None-Match": self.etag}
        return {"If-Modified-Since": str(self.last_modified)}

    def is_confirmed_by(self, headers: Mapping[str, str]) -> bool:
        """Whether the headers of a 304 are of these validators (RFC 9111, 4.3.4).

        A 304 with another ETag, or with a weak one, is about other bytes. A 304 without any is about what was asked.
        """
        etag, last_modified = headers.get("etag"), headers.get("last-modified")
        if etag is not None:
            return etag == self.etag
        return last_modified is None or self.last_modified is None or last_modified == self.last_modified


def _is_strong_etag(text: str) -> bool:
    return len(text) <= _MAX_ETAG_LENGTH and _ETAG.fullmatch(text) is not None


def _is_weak(text: str) -> bool:
    return text.strip(" \t")[:2].upper() == "W/"


def _is_strong_date(last_modified: str, date: str) -> bool:
    """Whether Last-Modified is strong: well before the Date of the response, and not in the future."""
    modified_at, sent_at = parse_http_date(last_modified), parse_http_date(date)
    if modified_at is None or sent_at is None:
        return False
    return modified_at + _MIN_SECONDS_UNCHANGED <= sent_at and modified_at <= time()

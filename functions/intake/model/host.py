"""The host of a URL: a name in ASCII, an IPv4 address, or an IPv6 address without its brackets.

An internationalized name is converted by UTS #46 as browsers do (WHATWG URL Standard, "domain to ASCII"):
non-transitional, and without the rules of IDNA 2008 for hyphens, underscores and symbols, so `my_shop.bücher.example`
and `☃.net` are hosts. A label that is ASCII already stays as it is, in lower case.
"""

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from unicodedata import bidirectional
from urllib.parse import unquote

import idna

from intake.model.error_codes import InvalidUrl
from intake.model.url_faults import describe_character

MAX_HOST_LENGTH = 253
"""The maximum length of a host name in bytes (RFC 1035, 2.3.4, without the root)."""

MAX_LABEL_LENGTH = 63

_LABEL = re.compile(rf"[a-z0-9_-]{{1,{MAX_LABEL_LENGTH}}}")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-.")

# Percent-encoded UTF-8 outside ASCII (RFC 3986, 3.2.2). No parser agrees with another on encoded ASCII in a host.
_ENCODED_BYTES = re.compile(r"(?:%[89A-Fa-f][0-9A-Fa-f])+")
_JOINERS = "\u200c\u200d"
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_ACE_PREFIX = "xn--"


@lru_cache(maxsize=256)  # most lists have many URLs of few hosts
def parse_host(text: str) -> str:
    """Return the host that is resolved, connected to, and sent in Host and SNI.

    Raises:
        InvalidUrl: the text is not a host name and not an address in its canonical form.
    """
    if text.startswith("["):
        return _parse_ipv6(text[1:-1])
    host = (text if text.isascii() and "%" not in text else _to_ascii(text)).lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > MAX_HOST_LENGTH or not all(map(_LABEL.fullmatch, labels)):
        raise InvalidUrl(_describe_fault(text, labels))
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        _require_dotted_quad(host)
    return host


def _to_ascii(text: str) -> str:
    # UTS #46 may turn look-alikes of / : @ into the real ones, so the result is checked like any other host.
    try:
        decoded = _ENCODED_BYTES.sub(lambda encoded: unquote(encoded[0], errors="strict"), text)
        return ".".join(map(_encode_label, idna.uts46_remap(decoded, std3_rules=False).split(".")))
    except idna.IDNAError as error:
        raise InvalidUrl(_describe_idna_fault(error.codepoint)) from error
    except ValueError as error:  # bytes that are not UTF-8, or a joiner beside a character that Python does not know
        raise InvalidUrl(_describe_idna_fault(None)) from error


def _encode_label(label: str) -> str:
    """Encode one label, after the mapping (UTS #46, 4.1: CheckJoiners and CheckBidi, not CheckHyphens)."""
    if label.isascii() or len(label) > MAX_LABEL_LENGTH:
        return label
    if label.startswith(_ACE_PREFIX):
        raise InvalidUrl(f"The host of the URL has `{_ACE_PREFIX}` before characters that are not encoded.")
    idna.check_initial_combiner(label)
    for position, character in enumerate(label):
        if character in _JOINERS and not idna.valid_contextj(label, position):
            raise InvalidUrl(_describe_idna_fault(ord(character)))
    if not _RIGHT_TO_LEFT.isdisjoint(map(bidirectional, label)):
        idna.check_bidi(label)
    return _ACE_PREFIX + label.encode("punycode").decode("ascii")


def _describe_idna_fault(codepoint: int | None) -> str:
    if codepoint is None:
        return "The host of the URL is not a valid internationalized host name."
    return f"The host of the URL has {describe_character(chr(codepoint))}, which is not allowed there."


def _describe_fault(text: str, labels: list[str]) -> str:
    odd = next((character for character in _ENCODED_BYTES.sub("", text) if _is_refused(character)), None)
    if odd is not None:
        return f"The host of the URL has {describe_character(odd)}, which no host name has."
    if "" in labels:
        return "The host of the URL has an empty label: two dots in a row, or a dot at its beginning."
    if any(len(label) > MAX_LABEL_LENGTH for label in labels):
        return f"The host of the URL has a label of more than {MAX_LABEL_LENGTH} characters."
    return f"The host of the URL is longer than {MAX_HOST_LENGTH} characters."


def _is_refused(character: str) -> bool:
    """Whether a character is, or is mapped to, ASCII that no host name has."""
    mapped = idna.uts46_remap(character, std3_rules=False)
    return any(part.isascii() and part not in _NAME_CHARACTERS for part in mapped)


def _require_dotted_quad(host: str) -> None:
    # By the URL standard (WHATWG), a host that ends in a number is an address. inet_aton accepts many spellings of one
    # address (octal, hexadecimal, short), which attackers use to bypass filters: only a.b.c.d is accepted.
    try:
        IPv4Address(host)
    except AddressValueError as error:
        raise InvalidUrl("The host of the URL is a number, but not an address of the form a.b.c.d.") from error


def _parse_ipv6(text: str) -> str:
    try:
        address = IPv6Address(text)
    except AddressValueError as error:
        raise InvalidUrl("The host of the URL is not a valid IPv6 address.") from error
    if address.scope_id is not None:
        raise InvalidUrl("The host of the URL is an IPv6 address with a zone.")
    return address.compressed

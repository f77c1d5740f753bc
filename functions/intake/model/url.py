"""Url: the only parser of URLs. The parsed object is checked, connected to and sent; no code parses the text again.

It follows RFC 3986, and does two more things, as browsers do: it percent-encodes spaces and characters outside ASCII in
path and query, and it converts an internationalised host to ASCII (UTS #46). Percent-encodings in the text stay as they
are, byte for byte: signed URLs depend on them.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote

import idna

from intake.model.errors import BadRedirect, Blocked, IntakeError, InvalidUrl

MAX_URL_LENGTH = 4096
"""The most characters of a URL, as written and as sent."""

MAX_HOST_LENGTH = 253
"""The most octets of a host name (RFC 1035, 2.3.4, without the root)."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\\]")
_SURROGATES = re.compile(r"[\ud800-\udfff]")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?://([^/?#]*)([^#]*))?")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]*))?")
_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[/\\]+")
_QUERY = re.compile(r"[?#]")
_AT = re.compile(r"[@\uff20\ufe6b]|%40")
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")
_MAX_PORT = 0xFFFF
_PORT_DIGITS = 5

# Sent as written: every printable ASCII character except the space.
_SENT_AS_WRITTEN = "".join(chr(code) for code in range(0x21, 0x7F))


@dataclass(frozen=True)
class Url:
    """An absolute http or https URL.

    Attributes:
        scheme: "http" or "https".
        host: in ASCII and lower case, without a trailing dot; an IPv6 address without its brackets.
        port: 1 to 65535; the default of the scheme where the text has none.
        target: path and query as they are sent, beginning with "/" (RFC 9112, 3.2.1), without the fragment.
    """

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, text: str) -> "Url":
        """Parse a URL.

        Raises:
            InvalidUrl: the text is not a valid URL.
            Blocked: its scheme is neither http nor https.
        """
        if len(text) > MAX_URL_LENGTH:
            raise InvalidUrl(f"The URL is longer than {MAX_URL_LENGTH} characters.")
        if _CONTROLS.search(text) or _SURROGATES.search(text) or text != text.strip():
            raise InvalidUrl("The URL has control characters, backslashes or spaces around it.")
        match = _URL.match(text)
        if match is None:
            raise InvalidUrl("The URL does not begin with a scheme such as https:.")
        scheme = match[1].lower()
        if scheme not in _DEFAULT_PORTS:
            raise Blocked(reason=f"scheme {scheme}")
        if not match[2]:
            raise InvalidUrl("The URL has no host.")
        host, port = _parse_authority(match[2], _DEFAULT_PORTS[scheme])
        target = match[3] or ""
        if not target.startswith("/"):
            target = "/" + target
        url = cls(scheme, host, port, quote(target, safe=_SENT_AS_WRITTEN))
        if len(str(url)) > MAX_URL_LENGTH:
            raise InvalidUrl(f"The URL is longer than {MAX_URL_LENGTH} characters once it is percent-encoded.")
        return url

    def follow(self, location: str) -> "Url":
        """Parse the `Location` of a redirect from this URL (RFC 9110, 10.2.2).

        Raises:
            BadRedirect: it is not a valid URL.
            Blocked: its scheme is neither http nor https.
        """
        if not location or len(location) > MAX_URL_LENGTH or location != location.strip():
            raise BadRedirect
        try:
            return Url.parse(location if _ABSOLUTE.match(location) else self._resolve(location))
        except InvalidUrl as error:
            raise BadRedirect from error

    def _resolve(self, reference: str) -> str:
        """Make a relative reference absolute (RFC 3986, 5.2.2); urljoin would drop empty segments and queries."""
        if reference.startswith("//"):
            return f"{self.scheme}:{reference}"
        path, *query = re.split(r"(?=[?#])", reference, maxsplit=1)
        base_path, *base_query = re.split(r"(?=\?)", self.target, maxsplit=1)
        if not path:
            new_query = base_query if not query or query[0].startswith("#") else query
            return "".join([self.origin, base_path, *new_query])
        if not path.startswith("/"):
            path = base_path[: base_path.rindex("/") + 1] + path
        return "".join([self.origin, _remove_dot_segments(path), *query])

    @cached_property
    def authority(self) -> str:
        """Host, and the port where it is not the default of the scheme, as in the Host header (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @cached_property
    def origin(self) -> str:
        """Scheme, host and port (RFC 6454): connections and limits are shared by origin."""
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return self.origin + self.target


def redact(text: str) -> str:
    """Remove the secrets from a URL or any other text: query, fragment and credentials.

    Presigned URLs are secrets. In a text that is not a valid URL, everything before an @ counts as credentials. Where
    the @ follows a ? or #, which may be part of the credentials, only the scheme remains.
    """
    shown, *hidden = _QUERY.split(text, maxsplit=1)
    if _AT.search(text) and not _is_url(text):
        found = _SCHEME.match(text)
        scheme = found[0] if found else ""
        if _AT.search("".join(hidden)):
            return scheme
        if _AT.search(shown):
            shown = scheme + _AT.split(shown)[-1]
    return shown[:MAX_URL_LENGTH]


def _is_url(text: str) -> bool:
    try:
        Url.parse(text)
    except IntakeError:
        return False
    return True


def _remove_dot_segments(path: str) -> str:
    """Resolve "." and ".." in a path that begins with "/" (RFC 3986, 5.2.4)."""
    resolved: list[str] = []
    *folders, last = path.split("/")[1:]
    if last in {".", ".."}:
        folders, last = [*folders, last], ""
    for folder in folders:
        if folder == "..":
            del resolved[-1:]
        elif folder != ".":
            resolved.append(folder)
    return "/" + "/".join([*resolved, last])


def _parse_authority(text: str, default_port: int) -> tuple[str, int]:
    if "@" in text:
        raise InvalidUrl("The URL has a user name or a password.")
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        raise InvalidUrl("The host and port of the URL are not valid.")
    return _parse_host(match[1]), _parse_port(match[2], default_port)


def _parse_port(text: str | None, default_port: int) -> int:
    if not text:
        return default_port
    digits = text.lstrip("0")
    if len(digits) > _PORT_DIGITS or not 1 <= int(digits or "0") <= _MAX_PORT:
        raise InvalidUrl("The port of the URL is not a number from 1 to 65535.")
    return int(digits)


def _parse_host(text: str) -> str:
    if text.startswith("["):
        return _parse_ipv6(text[1:-1])
    host = (text if text.isascii() else _to_ascii(text)).lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > MAX_HOST_LENGTH or not all(map(_LABEL.fullmatch, labels)):
        raise InvalidUrl("The host of the URL is not a valid host name.")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        _require_dotted_quad(host)
    return host


def _to_ascii(text: str) -> str:
    # UTS #46 may turn look-alikes of / : @ into the real ones, so the result is checked like any other host.
    try:
        return idna.encode(text, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise InvalidUrl("The host of the URL is not a valid internationalised host name.") from error


def _require_dotted_quad(host: str) -> None:
    # By the URL standard, a host that ends in a number is an address. inet_aton accepts many spellings of one address
    # (octal, hexadecimal, short), which attackers use to bypass filters: only a.b.c.d is accepted.
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

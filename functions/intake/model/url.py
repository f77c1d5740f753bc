"""One reading of a URL, or a refusal. What is read here is what is judged, dialled and sent; nothing reads it again.

The reading follows RFC 3986 with the two liberties that browsers take: a space and characters outside ASCII are
percent-encoded where they stand in a path or query, and an internationalised host is turned into its ASCII form
(UTS #46). Percent-encodings that are there stay byte for byte, since signed URLs depend on them.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from urllib.parse import quote

import idna

from intake.model.errors import BadRedirect, Blocked, IntakeError, InvalidUrl

MAX_URL_LENGTH = 4096
"""Characters, as it was written and as it goes out; longer ones are refused."""

MAX_HOST_LENGTH = 253
"""Octets in a host name (RFC 1035, 2.3.4, less the root)."""

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

# What goes out as it was written: every printable ASCII character but the space.
_AS_WRITTEN = "".join(chr(code) for code in range(0x21, 0x7F))


@dataclass(frozen=True)
class Url:
    """A URL that can be asked for.

    Attributes:
        scheme: "http" or "https".
        host: in ASCII and lower case, without a trailing dot; an IPv6 address without its brackets.
        port: 1 to 65535, the scheme's own where the text named none.
        target: path and query as they go out, beginning with "/" (RFC 9112, 3.2.1); the fragment is gone.
    """

    scheme: str
    host: str
    port: int
    target: str

    @classmethod
    def parse(cls, text: str) -> "Url":
        """Read `text`, or refuse it.

        Raises:
            InvalidUrl: it cannot be a fetchable URL.
            Blocked: its scheme is not one that is dialled.
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
            raise InvalidUrl("The URL names no host.")
        host, port = _read_authority(match[2], _DEFAULT_PORTS[scheme])
        target = match[3] or ""
        if not target.startswith("/"):
            target = "/" + target
        url = cls(scheme, host, port, quote(target, safe=_AS_WRITTEN))
        if len(str(url)) > MAX_URL_LENGTH:
            raise InvalidUrl(f"The URL is longer than {MAX_URL_LENGTH} characters once it is percent-encoded.")
        return url

    def follow(self, location: str) -> "Url":
        """Read the `Location` of a redirect that this URL answered with (RFC 9110, 10.2.2).

        Raises:
            BadRedirect: it does not lead to a URL.
            Blocked: it leads to a scheme that is not dialled.
        """
        if not location or len(location) > MAX_URL_LENGTH or location != location.strip():
            raise BadRedirect
        try:
            return Url.parse(location if _ABSOLUTE.match(location) else self._resolve(location))
        except InvalidUrl as error:
            raise BadRedirect from error

    def _resolve(self, reference: str) -> str:
        """Write a relative reference out in full (RFC 3986, 5.2.2); urljoin would drop empty segments and queries."""
        if reference.startswith("//"):
            return f"{self.scheme}:{reference}"
        path, *query = re.split(r"(?=[?#])", reference, maxsplit=1)
        base_path, *base_query = re.split(r"(?=\?)", self.target, maxsplit=1)
        if not path:
            kept = base_query if not query or query[0].startswith("#") else query
            return "".join([self.origin, base_path, *kept])
        if not path.startswith("/"):
            path = base_path[: base_path.rindex("/") + 1] + path
        return "".join([self.origin, _without_dots(path), *query])

    @cached_property
    def authority(self) -> str:
        """Host, and the port where it is not the scheme's own: what the Host header says (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @cached_property
    def origin(self) -> str:
        """Scheme, host and port: what connections and politeness are shared by (RFC 6454)."""
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return self.origin + self.target


def redact(text: str) -> str:
    """Return the part of a URL, fetchable or not, that may be kept: no query, no fragment, no credentials.

    Presigned URLs are secrets. Of a text that cannot be read as a URL, what stands before an @ is taken for
    credentials, and where the @ stands behind a ? or #, which may be part of them, nothing is kept but the scheme.
    """
    kept, *rest = _QUERY.split(text, maxsplit=1)
    if _AT.search(text) and not _reads(text):
        found = _SCHEME.match(text)
        scheme = found[0] if found else ""
        if _AT.search("".join(rest)):
            return scheme
        if _AT.search(kept):
            kept = scheme + _AT.split(kept)[-1]
    return kept[:MAX_URL_LENGTH]


def _reads(text: str) -> bool:
    try:
        Url.parse(text)
    except IntakeError:
        return False
    return True


def _without_dots(path: str) -> str:
    """Take "." and ".." out of a path that begins with "/" (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    *folders, last = path.split("/")[1:]
    if last in {".", ".."}:
        folders, last = [*folders, last], ""
    for folder in folders:
        if folder == "..":
            del kept[-1:]
        elif folder != ".":
            kept.append(folder)
    return "/" + "/".join([*kept, last])


def _read_authority(text: str, default_port: int) -> tuple[str, int]:
    if "@" in text:
        raise InvalidUrl("The URL carries a user name or a password.")
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        raise InvalidUrl("The URL's host and port cannot be read.")
    return _read_host(match[1]), _read_port(match[2], default_port)


def _read_port(text: str | None, default_port: int) -> int:
    if not text:
        return default_port
    digits = text.lstrip("0")
    if len(digits) > _PORT_DIGITS or not 1 <= int(digits or "0") <= _MAX_PORT:
        raise InvalidUrl("The URL's port is not a number from 1 to 65535.")
    return int(digits)


def _read_host(text: str) -> str:
    if text.startswith("["):
        return _read_ipv6(text[1:-1])
    host = (text if text.isascii() else _to_ascii(text)).lower().removesuffix(".")
    labels = host.split(".")
    if len(host) > MAX_HOST_LENGTH or not all(map(_LABEL.fullmatch, labels)):
        raise InvalidUrl("The URL's host is not a host name.")
    if _NUMERIC_LABEL.fullmatch(labels[-1]):
        _require_dotted_quad(host)
    return host


def _to_ascii(text: str) -> str:
    # UTS #46 may turn look-alikes of / : @ into the real ones, so the result is checked as any other host is.
    try:
        return idna.encode(text, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise InvalidUrl("The URL's host is not an internationalised host name.") from error


def _require_dotted_quad(host: str) -> None:
    # The host names of the URL standard end in a number only if they are addresses, and the many spellings
    # that inet_aton takes (octal, hexadecimal, short) are how filters are fooled: one spelling is enough.
    try:
        IPv4Address(host)
    except AddressValueError as error:
        raise InvalidUrl("The URL's host is a number, but not an address written as a.b.c.d.") from error


def _read_ipv6(text: str) -> str:
    try:
        address = IPv6Address(text)
    except AddressValueError as error:
        raise InvalidUrl("The URL's host is not an IPv6 address.") from error
    if address.scope_id is not None:
        raise InvalidUrl("The URL's host is an IPv6 address with a zone.")
    return address.compressed

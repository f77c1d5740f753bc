"""Url: the only parser of URLs. The same parsed object is checked, connected to and sent: no code parses a text twice.

It follows RFC 3986, and does two more things, as browsers do: it percent-encodes what RFC 3986 permits nowhere in path
and query (spaces, `" < > ` { } | ^` and characters outside ASCII), and it converts an internationalized host to ASCII.
Percent-encodings in the text are not changed, because signed URLs depend on every byte. `s3_url` reads `s3://`.
"""

import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote, unquote

from intake.model.error_codes import BadRedirect, Blocked, IntakeError, InvalidUrl
from intake.model.host import parse_host
from intake.model.s3_url import S3, is_s3, parse_s3
from intake.model.url_faults import AT, FORBIDDEN, SECOND_URL, SEVERAL_URLS, explain
from intake.model.url_faults import MAX_URL_LENGTH as MAX_URL_LENGTH  # noqa: PLC0414 - callers import it from here

_DEFAULT_PORTS = {"http": 80, "https": 443}
_URL = re.compile(r"(https?)://(?!https?:/)([^/?#]+)([^#]*)", re.ASCII | re.IGNORECASE)
_ABSOLUTE = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_AUTHORITY = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]*))?")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[/\\]+")
_VISIBLE = re.compile(r"(?i:data:[^,?#]*|s3://[^?]*)|[^?#]*")
_MAX_PORT = 0xFFFF
_PORT_DIGITS = 5

# Printable ASCII without the space and the characters that RFC 3986 knows nowhere: strict servers refuse those.
_SENT_AS_WRITTEN = "".join(sorted({chr(code) for code in range(0x21, 0x7F)} - set('"<>\\`{}|^')))
_NOT_SENT_AS_WRITTEN = re.compile(f"[^{re.escape(_SENT_AS_WRITTEN)}]")


@dataclass(frozen=True)
class Url:
    """An absolute http or https URL, or that of an object in S3.

    Attributes:
        scheme: "http", "https" or "s3".
        host: in ASCII and lower case, without a trailing dot; an IPv6 address without its brackets. The bucket.
        port: 1 to 65535; the default of the scheme if the text has none. 0 for s3, which is no port at all.
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
            Blocked: its scheme is not http, https or s3.
        """
        match = _URL.match(text)
        if match is None and is_s3(text):
            bucket, target = parse_s3(text)
            return cls(S3, bucket, 0, target)
        if match is None or len(text) > MAX_URL_LENGTH or text != text.strip() or FORBIDDEN.search(text):
            raise explain(text)
        scheme = match[1].lower()
        host, port = _parse_authority(match[2], _DEFAULT_PORTS[scheme])
        target = match[3]
        if not target.startswith("/"):
            target = "/" + target
        if _NOT_SENT_AS_WRITTEN.search(target):
            target = _percent_encode(target)
        url = cls(scheme, host, port, target)
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
        absolute = _ABSOLUTE.match(location)
        scheme = absolute[1].lower() if absolute else self.scheme
        if scheme not in _DEFAULT_PORTS:
            raise Blocked(reason=f"scheme {scheme}")
        try:
            return Url.parse(location if absolute else self._resolve(location))
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
        """Host, and the port if it is not the default of the scheme, as in the Host header (RFC 9110, 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS.get(self.scheme, 0) else f"{host}:{self.port}"

    @cached_property
    def origin(self) -> str:
        """Scheme, host and port (RFC 6454): connections and limits are shared by origin."""
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return self.origin + (unquote(self.target) if self.scheme == S3 else self.target)


def redact(text: str) -> str:
    """Remove the secrets from a URL or any other text: query, fragment and credentials; and the content of data: URLs.

    An s3: URL has no fragment: `#` is a character of its key.

    Presigned URLs are secrets. In a text that is not a valid URL, everything before an @ counts as credentials. If
    the @ follows a ? or #, which may be part of the credentials, only the scheme remains.
    """
    match = _VISIBLE.match(text)
    visible = match[0] if match else ""
    if AT.search(text) and not _is_url(text):
        beginning = _SCHEME.match(text)
        scheme = beginning[0] if beginning else ""
        if AT.search(text, len(visible)):
            return scheme
        if AT.search(visible):
            visible = scheme + AT.split(visible)[-1]
    return visible[:MAX_URL_LENGTH]


def _is_url(text: str) -> bool:
    try:
        Url.parse(text)
    except IntakeError:
        return False
    return True


def _remove_dot_segments(path: str) -> str:
    """Resolve "." and ".." in a path that begins with "/" (RFC 3986, 5.2.4)."""
    resolved: list[str] = []
    *segments, last = path.split("/")[1:]
    if last in {".", ".."}:
        segments, last = [*segments, last], ""
    for segment in segments:
        if segment == "..":
            del resolved[-1:]
        elif segment != ".":
            resolved.append(segment)
    return "/" + "/".join([*resolved, last])


def _parse_authority(text: str, default_port: int) -> tuple[str, int]:
    if "@" in text:
        raise InvalidUrl("The URL has a user name or a password.")
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        raise InvalidUrl(
            "The host and port of the URL are not valid: expected `host` or `host:port`; an IPv6 address has brackets."
        )
    return parse_host(match[1]), _parse_port(match[2], default_port)


def _parse_port(text: str | None, default_port: int) -> int:
    if not text:
        return default_port
    digits = text.lstrip("0")
    if len(digits) > _PORT_DIGITS or not 1 <= int(digits or "0") <= _MAX_PORT:
        raise InvalidUrl("The port of the URL is not a number from 1 to 65535.")
    return int(digits)


def _percent_encode(target: str) -> str:
    """Percent-encode what cannot be sent as it is written, outside ASCII as UTF-8."""
    if SECOND_URL.search(target.partition("?")[0]):
        raise InvalidUrl(SEVERAL_URLS)
    return quote(target, safe=_SENT_AS_WRITTEN)

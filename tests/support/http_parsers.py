"""Parses a response with the service's parser, with h11 and with httptools (llhttp), to one form of result."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

import h11
import httptools

from intake.http_client.errors import MalformedResponse
from intake.http_client.response_parser import ResponseParser

_INTERIM = range(100, 200)
_SWITCHING_PROTOCOLS = 101


class Verdict(Enum):
    """What a parser says of the bytes up to the end of the connection."""

    WHOLE = auto()
    INCOMPLETE = auto()
    MALFORMED = auto()


@dataclass(frozen=True, slots=True)
class Parsed:
    """A response as a parser reads it.

    Attributes:
        verdict: whether there is a response.
        status: of the final response; None where its head did not arrive.
        fields: names in lower case and values, without the trailers.
        body: all bytes of it.
        has_extra_bytes: bytes follow the response.
    """

    verdict: Verdict
    status: int | None = None
    fields: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    has_extra_bytes: bool = False


_MALFORMED = Parsed(Verdict.MALFORMED)


def parse(pieces: Iterable[bytes], method: str) -> Parsed:
    """Parse with `ResponseParser`."""
    parser, body = ResponseParser(method), b""
    try:
        for piece in pieces:
            body += b"".join(parser.feed(piece))
    except MalformedResponse:
        return _MALFORMED
    parser.feed_eof(is_clean=True)
    verdict = Verdict.WHOLE if parser.is_complete else Verdict.INCOMPLETE
    if parser.head is None:
        return Parsed(verdict)
    fields = tuple((name.lower(), value) for name, value in parser.head.fields)
    return Parsed(verdict, parser.head.status, fields, body, parser.has_extra_bytes)


def parse_with_h11(raw: bytes, method: str) -> Parsed:
    """Parse with h11, which raises an error at the end of the connection where the response is incomplete."""
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method=method, target="/", headers=[("Host", "a.example")]))
    client.send(h11.EndOfMessage())
    status: int | None = None
    fields: tuple[tuple[bytes, bytes], ...] = ()
    body = b""
    for data in (raw, b"") if raw else (b"",):
        try:
            client.receive_data(data)
            for event in _events(client):
                if isinstance(event, h11.Response):
                    status, fields = event.status_code, tuple(event.headers)
                elif isinstance(event, h11.Data):
                    body += event.data
                elif isinstance(event, h11.EndOfMessage):
                    return Parsed(Verdict.WHOLE, status, fields, body, bool(client.trailing_data[0]))
        except h11.RemoteProtocolError:
            return _MALFORMED if data else Parsed(Verdict.INCOMPLETE, status, fields, body)
    return Parsed(Verdict.INCOMPLETE, status, fields, body)


def _events(client: h11.Connection) -> Iterator[object]:
    while (event := client.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
        yield event
        if isinstance(event, h11.ConnectionClosed):
            return


class _HttptoolsEvents:
    """What httptools calls back while it parses."""

    def __init__(self) -> None:
        self.parser = httptools.HttpResponseParser(self)
        self.status: int | None = None
        self.fields: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.is_whole = False
        self.has_extra_bytes = False

    def on_message_begin(self) -> None:
        if self.is_whole:
            self.has_extra_bytes = True
        else:
            self.status, self.fields = None, []

    def on_header(self, name: bytes, value: bytes) -> None:
        if self.status is None:  # neither a trailer nor a field of a second response
            self.fields.append((name.lower(), value.strip(b" \t")))

    def on_headers_complete(self) -> None:
        if not self.is_whole:
            self.status = self.parser.get_status_code()

    def on_body(self, data: bytes) -> None:
        if not self.is_whole:
            self.body += data

    def on_message_complete(self) -> None:
        self.is_whole = self.is_whole or (self.status not in _INTERIM or self.status == _SWITCHING_PROTOCOLS)

    @property
    def is_close_delimited(self) -> bool:
        """Whether the end of the connection, of which httptools is not told, completes the body."""
        values = dict(self.fields)
        is_chunked = values.get(b"transfer-encoding", b"").lower().split(b",")[-1].strip() == b"chunked"
        is_final = self.status is not None and self.status not in _INTERIM
        return is_final and not is_chunked and b"content-length" not in values


def parse_with_httptools(raw: bytes, method: str) -> Parsed:
    """Parse with llhttp, which is told neither the method of the request nor the end of the connection."""
    assert method == "GET"
    events = _HttptoolsEvents()
    try:
        events.parser.feed_data(raw)
    except httptools.HttpParserUpgrade:
        pass
    except httptools.HttpParserError:
        if not events.is_whole:
            return _MALFORMED
        events.has_extra_bytes = True
    is_whole = events.is_whole or events.is_close_delimited
    verdict = Verdict.WHOLE if is_whole else Verdict.INCOMPLETE
    return Parsed(verdict, events.status, tuple(events.fields), events.body, events.has_extra_bytes)

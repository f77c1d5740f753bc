"""ResponseParser: parses one response as its bytes arrive, and detects bytes after it."""

from collections.abc import Sequence

from intake.http_client.chunked import ChunkedDecoder
from intake.http_client.errors import ConnectionLost, IncompleteBody, MalformedResponse, UncleanEnd
from intake.http_client.response_head import (
    MAX_HEAD_BYTES,
    MAX_HEAD_LINES,
    BodyFraming,
    ResponseHead,
    find_head_end,
    parse_head,
)

_MAX_HEADS = 100
"""Limit of heads in a response, because a read may have thousands of interim ones, and parsing them blocks the loop."""

type Piece = bytes | memoryview


class ResponseParser:
    """Parses the response to one request.

    Attributes:
        head: the head of the final response; None while it has not arrived.
        is_complete: whether the body has arrived completely.
        has_extra_bytes: whether bytes arrived after the response.
        body_left: bytes of a body of known length that have not arrived; 0 if its length is unknown.
    """

    head: ResponseHead | None = None
    is_complete = False
    has_extra_bytes = False
    body_left = 0

    def __init__(self, method: str) -> None:
        """Create a parser that expects the first byte.

        Args:
            method: the method of the request; a response to HEAD has no body.
        """
        self._method = method
        self._buffer = b""
        self._consumed_bytes = 0  # blank lines and complete heads
        self._heads = 0
        self._lines = 0
        self._chunks: ChunkedDecoder | None = None

    def feed(self, data: bytes) -> Sequence[Piece]:
        """Parse the next bytes; return the pieces of the body in them.

        Raises:
            MalformedResponse: the bytes are not a response. With `head` set, only the body cannot be read.
        """
        if self.is_complete:
            self.has_extra_bytes = True
            return ()
        if self.head is not None:
            return self._read_body(memoryview(data))
        rest = self._read_head(data)
        return self._read_body(rest) if rest else ()

    def skip(self, size: int) -> None:
        """Note that the next `size` bytes of the body have arrived elsewhere; at most `body_left`."""
        self.body_left -= size
        self.is_complete = not self.body_left

    def feed_eof(self, *, is_clean: bool) -> UncleanEnd | None:
        """Note that the peer ended the connection, which ends a close-delimited body.

        It also ends a chunked body after its last chunk, however the connection ended (RFC 9112, 8).

        Args:
            is_clean: False if anybody on the path may have ended it: over TLS without close_notify.

        Returns:
            Why a close-delimited body may be truncated; None if it is not, or if the framing says so.
        """
        if self._chunks is not None:
            self.is_complete = self.is_complete or self._chunks.has_last_chunk
        elif self.head is not None and self.head.framing is BodyFraming.CLOSE_DELIMITED:
            if not is_clean:
                return UncleanEnd("the TLS connection ended without close_notify")
            self.is_complete = True
        return None

    def feed_loss(self, reason: str) -> ConnectionLost | IncompleteBody:
        """Note that the connection was lost; return the error if the response is not complete."""
        self.feed_eof(is_clean=False)  # a last chunk has completed the body
        has_framing = self.head is not None and self.head.framing is not BodyFraming.CLOSE_DELIMITED
        return IncompleteBody(reason) if has_framing else ConnectionLost(reason)

    def _read_head(self, data: bytes) -> memoryview | None:
        """Parse interim heads and the final one; return the bytes after it."""
        searched = len(self._buffer)
        received = self._buffer + data if searched else self._skip_blank_lines(data)
        while received and (end := find_head_end(received, searched)) is not None:
            self._consumed_bytes += end
            self._heads += 1
            self._lines += received.count(b"\n", 0, end)
            self._check_limits(0)  # before parsing, which takes time for each line
            head = parse_head(received[:end], self._method)
            if not head.is_interim:
                self._buffer = b""
                self._begin_body(head)
                return memoryview(received)[end:]
            received, searched = self._skip_blank_lines(received[end:]), 0
        self._buffer = received
        self._check_limits(len(received))
        return None

    def _skip_blank_lines(self, data: bytes) -> bytes:
        stripped = data.lstrip(b"\r\n")
        self._consumed_bytes += len(data) - len(stripped)
        return stripped

    def _check_limits(self, unparsed_bytes: int) -> None:
        head_bytes = self._consumed_bytes + unparsed_bytes
        if head_bytes > MAX_HEAD_BYTES or self._heads > _MAX_HEADS or self._lines > MAX_HEAD_LINES:
            raise MalformedResponse(f"{self._heads} heads of {self._lines} lines and {head_bytes} bytes")

    def _begin_body(self, head: ResponseHead) -> None:
        self.head = head
        if head.framing_error is not None:
            raise head.framing_error
        if head.framing is BodyFraming.CHUNKED:
            self._chunks = ChunkedDecoder()
        elif head.framing is not BodyFraming.CLOSE_DELIMITED:
            self.body_left = head.framing
            self.is_complete = not self.body_left

    def _read_body(self, data: memoryview) -> Sequence[Piece]:
        pieces: Sequence[Piece] = (data,)
        extra: Piece = b""
        if self._chunks is not None:
            pieces, extra = self._chunks.feed(bytes(data))
            self.is_complete = self._chunks.is_done
        elif self.body_left:
            pieces, extra = (data[: self.body_left],), data[self.body_left :]
            self.body_left -= min(self.body_left, len(data))
            self.is_complete = not self.body_left
        elif self.is_complete:
            pieces, extra = (), data
        self.has_extra_bytes = self.has_extra_bytes or bool(extra)
        return pieces

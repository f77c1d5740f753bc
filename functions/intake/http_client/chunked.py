"""Decodes the chunked transfer coding (RFC 9112, 7.1)."""

import re

from intake.http_client.errors import MalformedResponse
from intake.http_client.response_head import MAX_HEAD_LINES, TOKEN

_TRAILER = re.compile(rb"(?:%b[ \t]*+:[^\x00\r\n]*+)?\r\n" % TOKEN)
"""A trailer, or the blank line after the last one."""

_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*+(?:;[^\x00\r\n]*+)?\r\n")
_MAX_FRAMING_BYTES = 16 * 1024
"""Limit of the sizes, extensions, line ends and trailers of a body. A longer body may have more: one byte for every
sixteen of its own. A body in chunks of one byte takes a thousand times the work of a body in one chunk."""

_BODY_BYTES_PER_FRAMING_BYTE = 16
_AFTER_CHUNK = -1
"""A value of `_chunk_left`: the data of the chunk is complete, the CRLF after it is not."""


class ChunkedDecoder:
    """Decodes a chunked body as it arrives, and drops trailers.

    Attributes:
        has_last_chunk: the body is complete. Trailers and a blank line may follow.
        is_done: they have arrived too, or bytes that are no trailer.
    """

    has_last_chunk = False
    is_done = False

    def __init__(self) -> None:
        self._buffer = b""
        self._chunk_left = 0
        self._trailers = 0
        self._framing_bytes = 0
        self._body_bytes = 0

    def feed(self, data: bytes) -> tuple[list[bytes], bytes]:
        """Decode the next bytes; return the pieces of the body in them, and the bytes after its end and its trailers.

        Raises:
            MalformedResponse: the bytes are not chunks, or have too much framing.
        """
        data, position = self._buffer + data, 0
        self._buffer = b""
        pieces: list[bytes] = []
        while position < len(data) and not self.is_done:
            if self._chunk_left > 0:
                piece = data[position : position + self._chunk_left]
                pieces.append(piece)
                position += len(piece)
                self._chunk_left = self._chunk_left - len(piece) or _AFTER_CHUNK
            elif self._chunk_left == _AFTER_CHUNK:
                line_end = data[position : position + 2]
                if not b"\r\n".startswith(line_end):
                    raise MalformedResponse("a chunk is longer than its size")
                if len(line_end) < len(b"\r\n"):
                    break
                position, self._chunk_left = position + len(line_end), 0
                self._framing_bytes += len(line_end)
            elif (line_end_at := data.find(b"\n", position)) < 0:
                break
            elif self.has_last_chunk:
                position = self._read_trailer(data, position, line_end_at + 1)
            else:
                self._read_chunk_size(data[position : line_end_at + 1])
                position = line_end_at + 1
        if not self.is_done:
            self._buffer, position = data[position:], len(data)
            self._check_framing_bytes(len(self._buffer))
        return pieces, data[position:]

    def _read_chunk_size(self, line: bytes) -> None:
        match = _CHUNK_SIZE.fullmatch(line)
        if match is None:
            raise MalformedResponse("the size of a chunk is not a number, or its line ends in a bare LF")
        self._framing_bytes += len(line)
        self._check_framing_bytes(0)
        self._chunk_left = int(match[1], 16)
        self.has_last_chunk = not self._chunk_left
        self._body_bytes += self._chunk_left

    def _read_trailer(self, data: bytes, start: int, end: int) -> int:
        """Skip a line after the last chunk; return where the next one starts, or the bytes that are no trailer."""
        line = data[start:end]
        if not _TRAILER.fullmatch(line):
            self.is_done = True
            return start
        self.is_done = line == b"\r\n"
        self._framing_bytes += len(line)
        self._trailers += 1
        self._check_framing_bytes(0)
        return end

    def _check_framing_bytes(self, unparsed_bytes: int) -> None:
        framing_bytes = self._framing_bytes + unparsed_bytes
        max_bytes = _MAX_FRAMING_BYTES + self._body_bytes // _BODY_BYTES_PER_FRAMING_BYTE
        if framing_bytes > max_bytes or self._trailers > MAX_HEAD_LINES:
            counts = f"{framing_bytes} bytes and {self._trailers} trailers for {self._body_bytes} of body"
            raise MalformedResponse(f"the chunked coding takes {counts}")

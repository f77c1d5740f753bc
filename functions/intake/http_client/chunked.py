"""Decodes the chunked transfer coding (RFC 9112, 7.1)."""

import re

from intake.http_client.errors import MalformedResponse
from intake.http_client.response_head import TOKEN

_TRAILER = re.compile(rb"%b[ \t]*:[^\x00\r\n]*" % TOKEN)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\x00\r\n]*)?")
_MAX_FRAMING_BYTES = 16 * 1024
"""Limit of the sizes, extensions, line ends and trailers of a body. A longer body may have more: one byte for every
sixteen of its own. A body in chunks of one byte takes a thousand times the work of a body in one chunk."""

_BODY_BYTES_PER_FRAMING_BYTE = 16
_AFTER_CHUNK = -1
"""A value of `_chunk_left`: the data of the chunk is complete, the CRLF after it is not."""


class ChunkedDecoder:
    """Decodes a chunked body as it arrives. Trailers are checked and dropped.

    Attributes:
        is_done: the last chunk and the trailers have arrived.
    """

    is_done = False

    def __init__(self) -> None:
        self._buffer = b""
        self._chunk_left = 0
        self._in_trailers = False
        self._framing_bytes = 0
        self._body_bytes = 0

    def feed(self, data: bytes) -> tuple[list[bytes], bytes]:
        """Decode the next bytes; return the pieces of the body in them, and the bytes after the end of the body.

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
            else:
                self._read_line(data[position : line_end_at + 1])
                position = line_end_at + 1
        if not self.is_done:
            self._buffer, position = data[position:], len(data)
            self._check_framing_bytes(len(self._buffer))
        return pieces, data[position:]

    def _read_line(self, line: bytes) -> None:
        if not line.endswith(b"\r\n"):
            raise MalformedResponse("a line of the chunked coding ends in a bare LF")
        self._framing_bytes += len(line)
        self._check_framing_bytes(0)
        line = line[:-2]
        if self._in_trailers:
            self._read_trailer(line)
        else:
            self._read_chunk_size(line)

    def _read_chunk_size(self, line: bytes) -> None:
        match = _CHUNK_SIZE.fullmatch(line)
        if match is None:
            raise MalformedResponse("the size of a chunk is not a number")
        self._chunk_left = int(match[1], 16)
        self._in_trailers = not self._chunk_left
        self._body_bytes += self._chunk_left

    def _read_trailer(self, line: bytes) -> None:
        if not line:
            self.is_done = True
        elif not _TRAILER.fullmatch(line):
            raise MalformedResponse("a trailer is not a field")

    def _check_framing_bytes(self, unparsed_bytes: int) -> None:
        framing_bytes = self._framing_bytes + unparsed_bytes
        if framing_bytes > _MAX_FRAMING_BYTES + self._body_bytes // _BODY_BYTES_PER_FRAMING_BYTE:
            raise MalformedResponse(f"the chunked coding takes {framing_bytes} bytes for {self._body_bytes} of body")

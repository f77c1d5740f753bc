"""Decodes a chunked body (RFC 9112, 7.1)."""

import re

from intake.http_client.response_head import TOKEN
from intake.model.errors import BadResponse

_TRAILER = re.compile(rb"%b[ \t]*:[^\x00\r\n]*" % TOKEN)
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\x00\r\n]*)?")
_MAX_FRAMING_BYTES = 16 * 1024
"""What a body in chunks may cost beside its own bytes, trailers included, and one byte more for every sixteen of them:
a byte to a chunk costs a thousand times the work of a body that comes in one."""

_FRAMED_SHARE = 16


class ChunkedDecoder:
    """A body in chunks (7.1), taken apart as it comes.

    Attributes:
        done: the last chunk and the trailers are over.
    """

    done = False

    def __init__(self) -> None:
        """Begin before the first chunk."""
        self._rest = b""
        self._left = 0
        self._in_trailers = False
        self._framing = 0
        self._bytes = 0

    def feed(self, data: bytes) -> tuple[list[bytes], bytes]:
        """Take what came; return the pieces of the body in it, and what follows the end of the body.

        Raises:
            BadResponse: it is not in chunks.
        """
        data, position = self._rest + data, 0
        self._rest = b""
        pieces: list[bytes] = []
        while position < len(data) and not self.done:
            if self._left > 0:
                piece = data[position : position + self._left]
                pieces.append(piece)
                position += len(piece)
                self._left -= len(piece)
                if not self._left:
                    self._left = -1  # the CRLF behind the data
            elif self._left < 0:
                ending = data[position : position + 2]
                if not b"\r\n".startswith(ending):
                    raise BadResponse(reason="a chunk is longer than it said")
                if len(ending) < len(b"\r\n"):
                    break
                position, self._left = position + len(ending), 0
                self._framing += len(ending)
            elif (line_end := data.find(b"\n", position)) < 0:
                break
            else:
                self._read_line(data[position : line_end + 1])
                position = line_end + 1
        if not self.done:
            self._rest, position = data[position:], len(data)
            self._require_little_framing(len(self._rest))
        return pieces, data[position:]

    def _read_line(self, line: bytes) -> None:
        if not line.endswith(b"\r\n"):
            raise BadResponse(reason="a line between chunks ends in a bare LF")
        self._framing += len(line)
        self._require_little_framing(0)
        line = line[:-2]
        if self._in_trailers:
            self._read_trailer(line)
        else:
            self._begin_chunk(line)

    def _begin_chunk(self, line: bytes) -> None:
        found = _CHUNK_SIZE.fullmatch(line)
        if found is None:
            raise BadResponse(reason="the size of a chunk is not a number")
        self._left = int(found[1], 16)
        self._in_trailers = not self._left
        self._bytes += self._left

    def _read_trailer(self, line: bytes) -> None:
        if not line:
            self.done = True
        elif not _TRAILER.fullmatch(line):
            raise BadResponse(reason="a trailer is no field")

    def _require_little_framing(self, begun: int) -> None:
        if self._framing + begun > _MAX_FRAMING_BYTES + self._bytes // _FRAMED_SHARE:
            raise BadResponse(reason=f"{self._framing + begun} bytes of framing")

"""One answer as its bytes come: its head, then the pieces of its body, and whether more came than was asked for."""

from collections.abc import Sequence

from intake.http_client.chunked import ChunkedDecoder
from intake.http_client.response_head import MAX_HEAD_BYTES, ResponseHead, find_head_end, parse_head
from intake.model.errors import BadResponse

_MAX_HEADS = 100
"""Of an answer and the interim ones before it: thousands of them fit into one turn of the loop."""

type Piece = bytes | memoryview


class ResponseParser:
    """What has come of the answer to one request.

    Attributes:
        head: of the answer itself; None where it is still to come.
        complete: the body is whole.
        has_extra_bytes: more came behind it.
    """

    head: ResponseHead | None = None
    complete = False
    has_extra_bytes = False

    def __init__(self, method: str) -> None:
        """Begin before the first byte.

        Args:
            method: of the request: an answer to HEAD has no body.
        """
        self._method = method
        self._received = b""
        self._passed = 0  # bytes of blank lines and of heads, which are over
        self._heads = 0
        self._left = 0
        self._chunks: ChunkedDecoder | None = None

    def feed(self, data: bytes) -> Sequence[Piece]:
        """Take what came; return the pieces of the body in it.

        Raises:
            BadResponse: it is no answer.
        """
        if self.complete:
            self.has_extra_bytes = True
            return ()
        if self.head is not None:
            return self._take_body(memoryview(data))
        rest = self._take_head(data)
        return self._take_body(rest) if rest else ()

    def feed_eof(self) -> None:
        """Take that the peer has said all it will: for some bodies, that is their end."""
        if self.head is not None and self.head.framing == "until close":
            self.complete = True

    def _take_head(self, data: bytes) -> memoryview | None:
        """Read heads up to that of the answer itself; return what follows it."""
        searched = len(self._received)
        received = self._received + data if searched else self._without_blank_lines(data)
        while received and (end := find_head_end(received, searched)) is not None:
            head = parse_head(received[:end], self._method)
            self._passed += end
            self._heads += 1
            self._require_small_head(0)
            if not head.interim:
                self._received = b""
                self._begin_body(head)
                return memoryview(received)[end:]
            received, searched = self._without_blank_lines(received[end:]), 0
        self._received = received
        self._require_small_head(len(received))
        return None

    def _without_blank_lines(self, data: bytes) -> bytes:
        stripped = data.lstrip(b"\r\n")
        self._passed += len(data) - len(stripped)
        return stripped

    def _require_small_head(self, begun: int) -> None:
        if self._passed + begun > MAX_HEAD_BYTES or self._heads > _MAX_HEADS:
            raise BadResponse(reason=f"{self._heads} heads of {self._passed + begun} bytes")

    def _begin_body(self, head: ResponseHead) -> None:
        self.head = head
        if head.framing == "chunks":
            self._chunks = ChunkedDecoder()
        elif head.framing != "until close":
            self._left = head.framing
            self.complete = not self._left

    def _take_body(self, data: memoryview) -> Sequence[Piece]:
        pieces: Sequence[Piece] = (data,)
        behind: Piece = b""
        if self._chunks is not None:
            pieces, behind = self._chunks.feed(bytes(data))
            self.complete = self._chunks.done
        elif self._left:
            pieces, behind = (data[: self._left],), data[self._left :]
            self._left -= min(self._left, len(data))
            self.complete = not self._left
        elif self.complete:
            pieces, behind = (), data
        self.has_extra_bytes = self.has_extra_bytes or bool(behind)
        return pieces

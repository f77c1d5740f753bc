"""Collects the body of an image as it arrives, and refuses a wrong type or size as early as possible."""

import hashlib
from collections.abc import AsyncIterator, Buffer, Collection
from typing import Protocol

from intake.image.formats import HEAD_BYTES
from intake.image.unsupported_types import SNIFFED_BYTES
from intake.image.verify import identify
from intake.model.error_codes import BadResponse, EmptyBody, IncompleteBody, TooLarge


class BodyStream(Protocol):
    """The body of a response; see `PooledTransport`."""

    def __aiter__(self) -> AsyncIterator[Buffer]: ...

    async def receive_into(self, buffer: memoryview) -> int:
        """Receive the next bytes into a buffer; return their number, 0 if they can only be iterated over."""
        ...


class ImageBody:
    """The bytes of a body and their SHA-256.

    A body that arrives in one chunk is not copied. Otherwise a buffer of the announced length is allocated once, so
    that it need not grow, and what follows the first chunk is received into it.
    """

    def __init__(self, length: int | None, max_bytes: int, accepted_types: Collection[str]) -> None:
        """Start an empty body.

        Args:
            length: the announced number of bytes, or None.
            max_bytes: a longer body is refused.
            accepted_types: the accepted image types; others are refused.
        """
        self._buffer = bytearray()
        self._single_chunk: memoryview | None = None
        self._length = length
        self._max_bytes = max_bytes
        self._accepted_types = accepted_types
        self._size = 0
        self._digest = hashlib.sha256()

    async def receive(self, stream: BodyStream) -> None:
        """Append the whole body of a response.

        Raises:
            IntakeError: see `add`.
            TransportError: the body does not reach its end.
        """
        async for chunk in stream:
            self.add(chunk)
            while HEAD_BYTES <= self._size < len(self._buffer):
                free = memoryview(self._buffer)[self._size :]
                count = await stream.receive_into(free)
                if not count:
                    break
                self._digest.update(free[:count])
                self._size += count

    def add(self, chunk: Buffer) -> None:
        """Append the next bytes.

        Raises:
            TooLarge: the body has more than `max_bytes`.
            BadResponse: the body has more than its announced length.
            UnsupportedType: the first bytes are not those of an accepted image type.
        """
        view = memoryview(chunk)
        end = self._size + len(view)
        if self._size < HEAD_BYTES <= end:
            # Check the type before the size: the code must not depend on how many bytes arrive at once.
            head = bytes(self._buffer[: self._size]) + bytes(view[: SNIFFED_BYTES - self._size])
            identify(memoryview(head), self._accepted_types)
        if end > self._max_bytes:
            raise TooLarge(f"The origin sent more than the {self._max_bytes} bytes that are allowed.")
        if self._length is not None and end > self._length:
            raise BadResponse(f"The origin sent more than the {self._length} bytes that it announced.")
        if not self._size and end == self._length:
            self._single_chunk = view
        else:
            self._copy(view, end)
        self._digest.update(view)
        self._size = end

    def _copy(self, view: memoryview, end: int) -> None:
        if not self._size:
            self._buffer = bytearray(self._length or 0)
        self._buffer[self._size : end] = view

    def finish(self) -> tuple[memoryview, str]:
        """Return the bytes and their SHA-256, 64 hex digits in lower case.

        Raises:
            EmptyBody: no byte arrived.
            IncompleteBody: fewer bytes arrived than announced. The HTTP client knows Content-Length alone.
        """
        if self._size == 0:
            raise EmptyBody
        if self._length is not None and self._size < self._length:
            raise IncompleteBody(f"The origin sent {self._size} of {self._length} bytes.")
        return self._single_chunk or memoryview(self._buffer), self._digest.hexdigest()

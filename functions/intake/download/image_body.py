"""Collects the body of an image while it streams in, and refuses it as early as its bytes allow."""

import hashlib
from collections.abc import Buffer, Collection

from intake.image.verify import HEAD_BYTES, identify
from intake.model.errors import EmptyBody, TooLarge


class ImageBody:
    """The bytes of a body and their SHA-256.

    A body that arrives in one piece is kept as that piece. Otherwise a buffer of the announced length is allocated
    once, so that it neither grows nor is copied.
    """

    def __init__(self, length: int | None, max_bytes: int, accepted_types: Collection[str]) -> None:
        """Start an empty body.

        Args:
            length: the announced bytes, or None.
            max_bytes: more bytes are refused.
            accepted_types: other image types are refused.
        """
        self._buffer = bytearray()
        self._single_chunk: memoryview | None = None
        self._length = length
        self._max_bytes = max_bytes
        self._accepted_types = accepted_types
        self._size = 0
        self._digest = hashlib.sha256()

    def add(self, chunk: Buffer) -> None:
        """Append the next bytes.

        Raises:
            TooLarge: the body has more than `max_bytes`.
            UnsupportedType: the first bytes are not those of an accepted image type.
        """
        view = memoryview(chunk)
        end = self._size + len(view)
        if self._size < HEAD_BYTES <= end:
            # The type is checked before the size: how many bytes arrive at once is chance, the error must not be.
            head = bytes(self._buffer[: self._size]) + bytes(view[: HEAD_BYTES - self._size])
            identify(memoryview(head), self._accepted_types)
        if end > self._max_bytes:
            raise TooLarge(f"The origin sent more than the {self._max_bytes} bytes that are allowed.")
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
        """
        if self._size == 0:
            raise EmptyBody
        return self._single_chunk or memoryview(self._buffer), self._digest.hexdigest()

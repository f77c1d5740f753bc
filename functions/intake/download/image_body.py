"""A body as it streams in: its bytes, its digest, and the two refusals that need not wait for its end."""

import hashlib
from collections.abc import Buffer, Collection

from intake.image.verify import HEAD_BYTES, identify
from intake.model.errors import EmptyBody, IncompleteBody, TooLarge


class ImageBody:
    """Collects chunks.

    A body that comes whole in one piece is that piece. Otherwise the buffer is laid out at once where the length was
    announced, so that it neither grows nor is copied.
    """

    def __init__(self, length: int | None, most: int, accepted: Collection[str]) -> None:
        """Begin an empty body.

        Args:
            length: bytes that were announced, or None.
            most: bytes that are taken.
            accepted: types of images that are taken.
        """
        self._buffer = bytearray()
        self._whole: memoryview | None = None
        self._length = length
        self._most = most
        self._accepted = accepted
        self._size = 0
        self._digest = hashlib.sha256()

    def add(self, chunk: Buffer) -> None:
        """Take the next bytes.

        Raises:
            TooLarge: there are more than are taken.
            UnsupportedType: the first bytes are not those of an accepted image.
        """
        view = memoryview(chunk)
        end = self._size + len(view)
        if self._size < HEAD_BYTES <= end:
            # What it is comes before how much of it there is: how much comes at once is chance.
            head = bytes(self._buffer[: self._size]) + bytes(view[: HEAD_BYTES - self._size])
            identify(memoryview(head), self._accepted)
        if end > self._most:
            raise TooLarge(f"The origin sent more than the {self._most} bytes that are allowed.")
        if not self._size and end == self._length:
            self._whole = view
        else:
            self._copy(view, end)
        self._digest.update(view)
        self._size = end

    def _copy(self, view: memoryview, end: int) -> None:
        if not self._size:
            self._buffer = bytearray(self._length or 0)
        if self._whole is not None:  # and yet there is more: it is refused in the end
            self._buffer, self._whole = bytearray(self._whole), None
        self._buffer[self._size : end] = view

    def finish(self) -> tuple[memoryview, str]:
        """Return the bytes and their SHA-256 in hexadecimal.

        Raises:
            EmptyBody: there are none.
            IncompleteBody: there are fewer than were announced.
        """
        if self._size == 0:
            raise EmptyBody
        if self._length is not None and self._size != self._length:
            raise IncompleteBody(f"The origin sent {self._size} of {self._length} bytes.")
        return self._whole or memoryview(self._buffer), self._digest.hexdigest()

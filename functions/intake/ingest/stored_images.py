"""StoredImages: the images of the bucket, and which of them this environment has seen there lately."""

import asyncio
import re
from collections.abc import Buffer, Collection, Generator
from contextlib import contextmanager

from intake.image.formats import FORMATS
from intake.ingest.ports import Store, StoredObject
from intake.known.environment_memory import EnvironmentMemory
from intake.known.known_image import KnownImage
from intake.model.image_info import ImageInfo
from intake.model.object_keys import image_key
from intake.model.url import Url

_HEAD_SECONDS = 1.0
"""How long a HEAD may take. After that, the image is downloaded."""

_MAX_MISSES = 8
"""Digests in a row that the bucket did not have. After them, only the likely key of a digest is asked for, until the
bucket has one: a list of new images would ask for seven keys each."""

_EXTENSION = re.compile(r"\.([a-z]+)(?:\?|\Z)", re.IGNORECASE)
_OTHER_EXTENSIONS = {"jpeg": "jpg", "jpe": "jpg", "jfif": "jpg", "tif": "tiff", "apng": "png"}


class StoredImages:
    """Looks for images in the bucket, and stores each one once."""

    def __init__(self, store: Store, memory: EnvironmentMemory, image_types: Collection[str]) -> None:
        """Use the images of a store.

        Args:
            store: stores the images.
            memory: which objects the environment has seen.
            image_types: the types that an image may have.
        """
        self._store = store
        self._memory = memory
        self._extensions = [FORMATS[name].extension for name in image_types]
        self._misses = 0

    async def contains(self, known: KnownImage) -> bool:
        """Whether the bucket has a known image: it was seen lately, or S3 says so now."""
        if self._memory.has_seen(known.key):
            return True
        found = await self._look_for(known.key)
        return found is not None and found.size == known.size

    @contextmanager
    def checked(self, known: KnownImage) -> Generator["asyncio.Task[bool] | None"]:
        """Start `contains` beside other work; None says that the image was seen lately. The context ends the check."""
        if self._memory.has_seen(known.key):
            yield None
            return
        task = asyncio.create_task(self.contains(known))
        try:
            yield task
        finally:
            task.cancel()

    async def find(self, sha256: str, url: Url, known: KnownImage | None) -> KnownImage | None:
        """Look for an image by its digest. Its key has the type, too: first as the URL has it, then every other one.

        Args:
            sha256: the digest, 64 hex digits in lower case.
            url: the URL that the image is expected at.
            known: an image with this digest, if one is known.

        Returns:
            What the bucket says of the image. None if it is missing, or was stored without its facts.
        """
        if known is not None and await self.contains(known):
            return known
        likely = self._likely_extension(url)
        found = await self._find_with(likely, sha256)
        if found is None and self._misses < _MAX_MISSES:
            others = [self._find_with(extension, sha256) for extension in self._extensions if extension != likely]
            found = next((image for image in await asyncio.gather(*others) if image is not None), None)
        self._misses = self._misses + 1 if found is None else 0
        return found

    async def put(self, image: ImageInfo, body: Buffer, sha256: str, *, always: bool) -> bool:
        """Store an image, unless the bucket had it lately.

        Args:
            image: its facts.
            body: its bytes.
            sha256: their digest.
            always: whether to send it even if the bucket had it lately.

        Returns:
            Whether it was already stored.

        Raises:
            StoreFailed, StoreDenied: the image is not stored.
        """
        key = image_key(sha256, image)
        if not always and self._memory.has_seen(key):
            return True
        is_reused = await self._store.put_image(key, image, body, sha256)
        self._memory.mark_seen(key)
        return is_reused

    def _likely_extension(self, url: Url) -> str:
        match = _EXTENSION.search(url.target)
        extension = match[1].lower() if match else ""
        extension = _OTHER_EXTENSIONS.get(extension, extension)
        return extension if extension in self._extensions else self._extensions[0]

    async def _find_with(self, extension: str, sha256: str) -> KnownImage | None:
        found = await self._look_for(f"images/{sha256[:2]}/{sha256}.{extension}")
        return None if found is None or found.image is None else KnownImage(b"", sha256, found.size, found.image)

    async def _look_for(self, key: str) -> StoredObject | None:
        try:
            async with asyncio.timeout(_HEAD_SECONDS):
                found = await self._store.find_image(key)
        except TimeoutError:
            return None
        if found is None:
            self._memory.mark_missing(key)
        else:
            self._memory.mark_seen(key)
        return found

"""StoredImages: the images of the bucket, and which of them this environment has seen there lately."""

import asyncio
import re
from collections.abc import Buffer, Collection

from intake.image.formats import FORMATS, Format
from intake.ingest.ports import Store, StoredObject
from intake.known.environment_memory import EnvironmentMemory
from intake.known.known_image import KnownImage
from intake.model.image_info import ImageInfo
from intake.model.object_keys import image_key
from intake.model.url import Url

_HEAD_SECONDS = 1.0
"""How long a HEAD may take. After that, the image is downloaded."""

_MAX_MISSING_DIGESTS = 8
"""After this many digests in a row that the bucket did not have, only the likely key of a digest is looked for, until
the bucket has one. Otherwise, each image of a new list would cost seven requests."""

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
        self._formats = [FORMATS[name] for name in image_types]
        self._missing_digests = 0
        self._searches = asyncio.Semaphore(_MAX_MISSING_DIGESTS)

    async def contains(self, known: KnownImage) -> bool:
        """Whether the bucket has a known image: it was seen lately, or S3 says so now."""
        if self._memory.has_seen(known.key):
            return True
        found = await self._look_for(known.key)
        return found is not None and found.size == known.size

    def start_check(self, known: KnownImage) -> "asyncio.Task[bool] | None":
        """Start `contains` beside other work, which cancels it at its end. None: the image was seen lately."""
        return None if self._memory.has_seen(known.key) else asyncio.create_task(self.contains(known))

    async def find(self, sha256: str, url: Url, known: KnownImage | None) -> KnownImage | None:
        """Look for an image by its digest: under the key with the format that the URL names, then under all others.

        Args:
            sha256: the digest, 64 hex digits in lower case.
            url: the URL that the image is expected at.
            known: an image with this digest, if one is known.

        Returns:
            What the bucket says of the image. None if it is missing, or was stored without its facts.
        """
        if known is not None and await self.contains(known):
            return known
        likely = self._likely_format(url)
        found = await self._find_with(likely, sha256)
        if found is None:
            async with self._searches:  # images that start together learn from the first ones
                found = await self._search_others(likely, sha256)
        else:
            self._missing_digests = 0
        return found

    async def put(self, image: ImageInfo, body: Buffer, sha256: str, *, always: bool) -> bool:
        """Store an image, unless the bucket had it lately.

        Args:
            image: its facts.
            body: its bytes.
            sha256: their digest.
            always: whether to send it even then.

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

    def _likely_format(self, url: Url) -> Format:
        """Return the format that the URL names, or the first one."""
        match = _EXTENSION.search(url.target)
        extension = match[1].lower() if match else ""
        extension = _OTHER_EXTENSIONS.get(extension, extension)
        return next((row for row in self._formats if row.extension == extension), self._formats[0])

    async def _search_others(self, likely: Format, sha256: str) -> KnownImage | None:
        if self._missing_digests >= _MAX_MISSING_DIGESTS:
            return None
        others = [self._find_with(other, sha256) for other in self._formats if other is not likely]
        found = next((image for image in await asyncio.gather(*others) if image is not None), None)
        self._missing_digests = self._missing_digests + 1 if found is None else 0
        return found

    async def _find_with(self, image_format: Format, sha256: str) -> KnownImage | None:
        found = await self._look_for(image_key(sha256, image_format))
        if found is None or found.image is None:
            return None
        return KnownImage(b"", sha256, found.size, found.image)  # no URL: the bucket does not say where it came from

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

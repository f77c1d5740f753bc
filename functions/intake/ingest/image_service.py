"""ImageService: ingests one image. It downloads the image only if nothing known saves that."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from time import perf_counter, time
from typing import TYPE_CHECKING

from intake.image.verify import verify
from intake.ingest.deadline import Deadline
from intake.ingest.download_port import Condition, Download, Downloader, Unchanged
from intake.ingest.image_task import ImageTask
from intake.ingest.known_images_of_file import KnownImagesOfFile
from intake.ingest.stored_images import StoredImages
from intake.known.freshness import fresh_until
from intake.known.known_image import KnownImage
from intake.known.url_key import is_signed, url_key
from intake.known.validators import Validators
from intake.model.error_codes import ChecksumMismatch, IntakeError, InternalError, clear_traceback
from intake.model.image_info import ImageInfo
from intake.model.limits import Limits
from intake.model.outcome import Failed, FetchStats, Source, Stored
from intake.model.refresh import Refresh
from intake.model.url import Url

if TYPE_CHECKING:
    from intake.ingest.decoder_check import DecoderCheck

_MAX_PARSE_SECONDS = 0.01
"""Parsing time after which the event loop runs. An ordinary image takes a tenth of a millisecond."""


class ImageService:
    """Ingests the image of one URL."""

    def __init__(
        self,
        downloader: Downloader,
        stored_images: StoredImages,
        limits: Limits,
        decoder: "DecoderCheck | None" = None,
    ) -> None:
        """Create the service.

        Args:
            downloader: downloads images.
            stored_images: the images of the bucket.
            limits: the limits on an image.
            decoder: decodes each image that was downloaded; None for VERIFY=structure.
        """
        self._downloader = downloader
        self._stored_images = stored_images
        self._limits = limits
        self._decoder = decoder
        self._respected_directives = frozenset(limits.respect_robots_tag)
        self._parse_seconds = 0.0

    async def ingest(self, task: ImageTask, known_images: KnownImagesOfFile, deadline: Deadline) -> Stored | Failed:
        """Ingest the image of one URL. Every failure is an outcome.

        Args:
            task: the URL and its requests.
            known_images: what is known of the images of the File.
            deadline: the deadline of the File.
        """
        try:
            known = await known_images.find(task.key)
            if known is not None and not (task.accepts(known.sha256) and self._is_allowed(known)):
                known = None
            stored = await self._find_stored(task, known_images.policy, known)
            return stored or await self._fetch(task, known_images, known, deadline)
        except IntakeError as error:
            clear_traceback(error)
            return Failed(error, task.stats)
        except Exception as error:  # noqa: BLE001 - a bug must not affect the other images
            return Failed(InternalError.of(error), task.stats)

    def _is_allowed(self, known: KnownImage) -> bool:
        """Whether the image meets the current settings: it may be known from the time before they were changed."""
        image, limits = known.image, self._limits
        return (
            image.type in limits.image_types
            and known.size <= limits.max_image_bytes
            and limits.min_image_pixels <= image.width * image.height <= limits.max_image_pixels
            and image.frames <= limits.max_image_frames
            and (self._decoder is None or image.is_decoded)
            and self._respected_directives <= known.absent_directives
        )

    async def _find_stored(self, task: ImageTask, policy: Refresh, known: KnownImage | None) -> Stored | None:
        """Return an image of the bucket if the origin need not be asked, or None."""
        # The object in the bucket does not say whether the origin of this URL has opted out, so ask the origin.
        sha256 = None if self._respected_directives else task.expected_digest
        if policy is Refresh.ALWAYS or (sha256 is None and policy is not Refresh.FRESH):
            return None
        self._downloader.require_allowed(task.url)
        if sha256 is not None:
            with _measured(task.stats):
                found = await self._stored_images.find(sha256, task.url, known)
            if found is not None and self._is_allowed(found):
                return _to_stored(found, task.url, task.stats, Source.KNOWN)
        elif known is not None and known.is_fresh(time()) and self._may_be_fresh(task.url):
            with _measured(task.stats):
                is_stored = await self._stored_images.contains(known)
            if is_stored:
                return _to_stored(known, task.url, task.stats, Source.FRESH)
        return None

    def _may_be_fresh(self, url: Url) -> bool:
        """Whether the origin need not be asked. A URL with a signature or with credentials always asks it."""
        return not is_signed(url) and not self._downloader.needs_credentials(url)

    def _fresh_until(self, url: Url, known_images: KnownImagesOfFile, response: Download | Unchanged) -> float | None:
        """Return until when the origin need not be asked again; None if it must be asked, or after a redirect."""
        is_redirected = response.final_url is not url
        if not known_images.keeps_freshness or is_redirected or not self._may_be_fresh(url):
            return None
        return fresh_until(response.headers, response.requested_at)

    async def _fetch(
        self, task: ImageTask, known_images: KnownImagesOfFile, known: KnownImage | None, deadline: Deadline
    ) -> Stored:
        """Ask the origin for the image: conditionally, if it is known."""
        if self._decoder is not None:
            self._decoder.start()
        if known is None or known.validators is None:
            result = await self._downloader.download(task.url, task.stats, deadline, share=task.share)
        else:
            is_stored = self._stored_images.start_check(known)
            try:
                condition = Condition(known, known.validators, is_stored)
                result = await self._downloader.download(task.url, task.stats, deadline, condition, share=task.share)
            finally:
                if is_stored is not None:
                    is_stored.cancel()
        if isinstance(result, Unchanged):
            known, fresh = result.condition.known, self._fresh_until(task.url, known_images, result)
            known_images.learn(task.key, known if known.fresh_until == fresh else replace(known, fresh_until=fresh))
            return _to_stored(known, result.final_url, task.stats, Source.UNCHANGED)
        with result as download:
            return await self._verify_and_store(task, known_images, download)

    async def _verify_and_store(self, task: ImageTask, known_images: KnownImagesOfFile, download: Download) -> Stored:
        accepting = [request for request in task.requests if request.accepts(download.sha256)]
        if not accepting:
            raise ChecksumMismatch  # bytes that no request expects are not stored
        has_digest = [request for request in accepting if request.sha256]  # no generator: this runs for every image
        body, sha256 = download.body, download.sha256
        image = await self._verify(body, len(body) if has_digest else download.content_length)
        if self._decoder is not None:
            image = await self._decoder.check(body, image, download.final_url)
        with _measured(task.stats):
            is_forced = known_images.policy is Refresh.ALWAYS
            reused = await self._stored_images.put(image, body, sha256, always=is_forced)
        fresh = self._fresh_until(task.url, known_images, download)
        known = _to_known(task, download, image, fresh, self._respected_directives)
        known_images.learn(task.key, known if known.validators or known.fresh_until else None)
        warnings = image.warnings + download.warnings
        return Stored(image, known.key, sha256, len(body), download.final_url, reused, task.stats, warnings)

    async def _verify(self, body: memoryview, known_length: int | None) -> ImageInfo:
        """Parse a body. After 10 ms of parsing, the event loop runs before the next one, so that deadlines can fire."""
        # Not with a lock: once one image waits for it, all others do. Nor an event: new bodies would overtake old ones.
        while self._parse_seconds > _MAX_PARSE_SECONDS:  # noqa: ASYNC110 - see above
            await asyncio.sleep(0)
        started_at = perf_counter()
        try:
            return verify(body, self._limits, known_length)
        finally:
            self._parse_seconds += perf_counter() - started_at
            if self._parse_seconds > _MAX_PARSE_SECONDS:
                asyncio.get_running_loop().call_soon(self._allow_parsing)

    def _allow_parsing(self) -> None:
        self._parse_seconds = 0.0


@contextmanager
def _measured(stats: FetchStats) -> Generator[None]:
    """Count the time in this context as time of the store."""
    now = asyncio.get_running_loop().time
    started_at = now()
    try:
        yield
    finally:
        stats.store_ms += round((now() - started_at) * 1000)


def _to_known(
    task: ImageTask, download: Download, image: ImageInfo, fresh: float | None, absent_directives: frozenset[str]
) -> KnownImage:
    is_redirected = download.final_url is not task.url
    return KnownImage(
        final_url_key=url_key(download.final_url) if is_redirected else task.key,
        sha256=download.sha256,
        size=len(download.body),
        image=image,
        validators=Validators.of(download.headers),
        fresh_until=fresh,
        absent_directives=absent_directives,
    )


def _to_stored(known: KnownImage, final_url: Url, stats: FetchStats, source: Source) -> Stored:
    """Return the outcome for an image that was in the bucket already."""
    return Stored(
        image=known.image,
        key=known.key,
        sha256=known.sha256,
        size=known.size,
        final_url=final_url,
        reused=True,
        stats=stats,
        warnings=known.image.warnings,
        source=source,
    )

"""RequestLimits: what a request waits for before it is sent, and what forbids it."""

from collections.abc import Container
from time import time

from intake.download.address_policy import Verdict, classify, classify_destination
from intake.download.cool_down import CoolDown
from intake.download.image_download import ImageDownload
from intake.download.origin_cool_downs import OriginCoolDowns
from intake.download.origin_limiter import OriginLimiter, OriginSlot
from intake.model.error_codes import Blocked
from intake.model.limits import Limits
from intake.model.s3_url import S3
from intake.model.url import Url

_NO_SOURCE = (
    "The service does not fetch this URL: SOURCE_BUCKETS does not name its bucket. Have the operator name it there, or "
    "use a presigned https:// URL of the object."
)


class RequestLimits:
    """The limits of each origin, and the slots of the service, in the order in which requests wait for them."""

    def __init__(
        self, origins: OriginLimiter, cool_downs: OriginCoolDowns, limits: Limits, sources: Container[str] = ()
    ) -> None:
        """Create the limits.

        Args:
            origins: limits the concurrent requests to each origin.
            cool_downs: says which origins get no requests now.
            limits: the ports, hosts and networks that are allowed.
            sources: the origins of the private sources; `s3://bucket` is that of a bucket.
        """
        self._origins = origins
        self._cool_downs = cool_downs
        self._limits = limits
        self._sources = sources

    def require_allowed(self, url: Url) -> None:
        """Refuse ports, hosts and buckets that are not allowed.

        Raises:
            Blocked: the URL is refused.
        """
        limits = self._limits
        verdict = classify_destination(url.host, url.port, hosts=limits.allowed_hosts, ports=limits.allowed_ports)
        if verdict.is_allowed:
            return
        if url.scheme != S3:
            raise Blocked(reason=f"{url.origin}: {verdict}")
        if url.origin not in self._sources:
            raise Blocked(_NO_SOURCE, reason=f"{url.origin}: bucket not in SOURCE_BUCKETS")

    async def acquire(self, url: Url, cool_down: CoolDown, image: ImageDownload) -> OriginSlot:
        """Wait for the end of the origin's cool-down, then for a slot at the origin and a slot of the service.

        Raises:
            CoolingDown: the cool-down takes too long.
            Blocked: the URL has an address that is not allowed.
        """
        while True:
            image.held.release_slot()  # hold no slot while waiting for an origin
            if not cool_down.is_clear(time()):
                self.require_allowed_address(url.host)
                await self._cool_downs.wait(url, cool_down, image)
            slot = await self._origins.acquire(url.origin, image.held.share)
            try:
                await image.held.acquire_slot()
            except BaseException:
                slot.release()
                raise
            if time() < cool_down.clear_until or not self._cool_downs.has_begun(cool_down):
                return slot
            slot.release()

    def require_allowed_address(self, host: str) -> None:
        """Refuse an address in a URL before S3 is asked about its origin or image. The resolver checks all addresses.

        Raises:
            Blocked: the address is refused.
        """
        verdict = classify(host, self._limits.allowed_networks)
        if not verdict.is_allowed and verdict is not Verdict.NOT_AN_ADDRESS:
            raise Blocked(reason=f"{host} {host}: {verdict}")

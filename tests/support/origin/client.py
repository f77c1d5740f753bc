"""Downloads from an origin as the service does: the real downloader on real sockets, then the image parser."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Self

from intake.download.downloader import HttpDownloader
from intake.download.guarded_resolver import GuardedResolver
from intake.download.origin_cool_downs import OriginCoolDowns
from intake.http_client.resolver import AddressInfo
from intake.http_client.transport import PooledTransport
from intake.image.verify import verify
from intake.ingest.deadline import Deadline
from intake.ingest.download_port import Download
from intake.ingest.ports import Store
from intake.model.error_codes import LEAVES, IntakeError
from intake.model.limits import Limits
from intake.model.outcome import FetchStats
from intake.model.url import Url
from support.origin.behaviour import MAX_BYTES, STORED
from support.origin.redirects import MAX_REDIRECTS
from support.origin.server import Origin

AGENT = "image-intake/test"
_AMPLE_SECONDS = 600.0
_TRUST_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True, slots=True)
class Result:
    """The result of one download.

    Attributes:
        code: an error code, or "stored".
        stats: attempts and durations.
        download: the image, if there is one.
        error: the error, if there is one.
    """

    code: str
    stats: FetchStats
    download: Download | None = None
    error: IntakeError | None = None

    @property
    def body(self) -> bytes:
        assert self.download is not None, self.error
        return bytes(self.download.body)

    @property
    def reason(self) -> str:
        """The reason that the service logs for the error."""
        assert self.error is not None
        return self.error.reason or ""


def limits_for(*origins: Origin, **changed: Any) -> Limits:
    """Build the limits that the table of behaviours relies on; `changed` replaces some of them."""
    defaults: dict[str, Any] = {
        "max_image_bytes": MAX_BYTES,
        "max_redirects": MAX_REDIRECTS,
        "memory_budget_bytes": 10 * MAX_BYTES,
        "connect_timeout": 5.0,
        "allowed_ports": tuple(origin.port for origin in origins),
        "allowed_networks": (ip_network("127.0.0.0/8"),),
    }
    return Limits(**defaults | changed)


class Client:
    """A downloader with its own connection pool, resolver and memory budget."""

    def __init__(self, limits: Limits, tls: ssl.SSLContext | None = None, documents: Store | None = None) -> None:
        self.limits = limits
        self.resolver = GuardedResolver(limits)
        self.transport = PooledTransport(
            connect_timeout=limits.connect_timeout,
            read_timeout=limits.read_timeout,
            tls=tls or _TRUST_NOBODY,
            resolver=self.resolver,
            zero_copy=True,
        )
        self.downloader = HttpDownloader(self.transport, limits, AGENT, OriginCoolDowns(documents))
        self.budget = self.downloader.budget

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.downloader.aclose()

    async def get(self, url: str) -> Result:
        """Download and verify an image.

        Raises:
            Exception: an error that is not one of the service's own codes.
        """
        stats = FetchStats()
        try:
            with await self.download(url, stats) as download:
                verify(download.body, self.limits, download.content_length)
        except LEAVES as error:
            return Result(error.code, stats, error=error)
        return Result(STORED, stats, download)

    async def download(self, url: str, stats: FetchStats | None = None) -> Download:
        """Download without verification; the caller releases the download."""
        deadline = Deadline.after(_AMPLE_SECONDS)
        result = await self.downloader.download(Url.parse(url), stats or FetchStats(), deadline)
        assert isinstance(result, Download)
        return result

    def record_sockets(self) -> list[socket.socket]:
        """Return a list to which every socket is added that the client opens from now on."""
        sockets: list[socket.socket] = []
        open_socket = self.resolver.open_socket

        def record(info: AddressInfo) -> socket.socket:
            sockets.append(open_socket(info))
            return sockets[-1]

        self.resolver.open_socket = record  # type: ignore[method-assign]
        return sockets

    @property
    def free_bytes(self) -> int:
        """Bytes of the memory budget that are not reserved."""
        return self.budget.free


type MakeClient = Callable[..., Client]

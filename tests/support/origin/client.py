"""Asks an origin as the service does: the real fetcher on real sockets, and the walk over what it brought."""

import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Self

from aiohappyeyeballs import AddrInfoType

from intake.download.downloader import HttpDownloader
from intake.download.guarded_resolver import GuardedResolver
from intake.http_client.transport import PooledTransport
from intake.image.verify import verify
from intake.ingest.deadline import Deadline
from intake.ingest.ports import Download
from intake.model.errors import LEAVES, IntakeError
from intake.model.limits import Limits
from intake.model.outcome import FetchStats
from intake.model.url import Url
from support.origin.behaviour import MOST, STORED
from support.origin.redirects import LIMIT
from support.origin.server import Origin

AGENT = "image-intake/test"
PLENTY_SECONDS = 600.0
_TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(frozen=True, slots=True)
class Result:
    """How one URL ended.

    Attributes:
        code: an error's code, or "stored".
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
        assert self.error is not None
        return self.error.reason or ""


def limits_for(*origins: Origin, **changed: Any) -> Limits:
    """The bounds that the table of behaviours is written for."""
    written_for: dict[str, Any] = {
        "max_image_bytes": MOST,
        "max_redirects": LIMIT,
        "memory_budget_bytes": 10 * MOST,
        "connect_timeout": 5.0,
        "allowed_ports": tuple(origin.port for origin in origins),
        "allowed_networks": (ip_network("127.0.0.0/8"),),
    }
    return Limits(**written_for | changed)


class Client:
    """A fetcher and its bounds."""

    def __init__(self, limits: Limits, tls: ssl.SSLContext | None = None) -> None:
        self.limits = limits
        self.guard = GuardedResolver(limits)
        self.transport = PooledTransport(
            connect_timeout=limits.connect_timeout,
            read_timeout=limits.read_timeout,
            tls=tls or _TRUSTS_NOBODY,
            resolver=self.guard,
            zero_copy=True,
        )
        self.downloader = HttpDownloader(self.transport, limits, AGENT)
        self.budget = self.downloader.budget

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.transport.aclose()

    async def get(self, url: str) -> Result:
        """Fetch and verify; anything but a leaf of our own tree comes out as it is."""
        stats = FetchStats()
        try:
            with await self.download(url, stats) as download:
                verify(download.body, self.limits)
        except LEAVES as error:
            return Result(error.code, stats, error=error)
        return Result(STORED, stats, download)

    async def download(self, url: str, stats: FetchStats | None = None) -> Download:
        """Download without verification; the caller releases the download."""
        return await self.downloader.download(Url.parse(url), stats or FetchStats(), Deadline.after(PLENTY_SECONDS))

    def record_sockets(self) -> list[socket.socket]:
        """Every socket that is made from now on."""
        made: list[socket.socket] = []
        make = self.guard.open_socket

        def record(info: AddrInfoType) -> socket.socket:
            made.append(make(info))
            return made[-1]

        self.guard.open_socket = record  # type: ignore[method-assign]
        return made

    @property
    def free(self) -> int:
        """Bytes of the memory budget that nobody holds."""
        return self.budget.free


type Connect = Callable[..., Client]

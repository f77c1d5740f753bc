"""The origin and the S3 stand-in of the benchmark, both served by one nginx on loopback."""

import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import certifi
import trustme
from infra.build.template_file import ROOT
from infra.command.tcp_ports import LOOPBACK, find_free_port

from bench import origin_images, request_counts
from bench.nginx_process import Nginx, run_nginx
from bench.request_counts import Counts

ORIGIN_SECONDS = 0.050
S3_SECONDS = 0.020
IMAGES = ROOT / ".local" / "bench" / "images"
BUCKET = "bench"


@dataclass(frozen=True, slots=True)
class NginxLab:
    """A running origin and S3 stand-in.

    Attributes:
        ports: by server and scheme: `origin_http`, `origin_https`, `s3_http`, `s3_https`.
        bundle: certificates to trust: the public authorities, and the authority of these two servers.
    """

    ports: Mapping[str, int]
    bundle: Path
    _nginx: Nginx
    _editions: Iterator[int] = field(default_factory=lambda: count(1))

    def new_urls(self, scheme: str, size: int, number: int) -> list[str]:
        """Make new images of a size, and return their URLs: no server and no program has seen either.

        The images and URLs of an earlier call are no longer served.
        """
        edition = next(self._editions)
        origin_images.write_missing(IMAGES, size, number)
        origin_images.write_edition(IMAGES, size, number, edition)
        port = self.ports[f"origin_{scheme}"]
        return [f"{scheme}://{LOOPBACK}:{port}/{size}/{index}.jpg?edition={edition}" for index in range(number)]

    def endpoint(self, scheme: str) -> str:
        """Return the URL of the S3 stand-in."""
        return f"{scheme}://{LOOPBACK}:{self.ports[f's3_{scheme}']}"

    def read_counts(self) -> Counts:
        """Return what both servers counted since the last call."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.endpoint('http')}/-/counts", timeout=5) as response:
            return request_counts.parse(response.read().decode())

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of both servers so far."""
        return self._nginx.cpu_seconds()


@contextmanager
def open_lab(home: Path, *, origin: float = ORIGIN_SECONDS, s3: float = S3_SECONDS) -> Iterator[NginxLab]:
    """Start both servers, and stop them with the block.

    Args:
        home: an empty directory.
        origin: seconds before the origin responds.
        s3: seconds before the S3 stand-in responds, after it has received the whole request.

    Raises:
        CommandError: nginx is missing or does not start.
    """
    IMAGES.mkdir(parents=True, exist_ok=True)
    bundle = _issue_certificate(home)
    ports = {f"{server}_{scheme}": find_free_port() for server in ("origin", "s3") for scheme in ("http", "https")}
    values = {
        "images": IMAGES,
        "s3_stand_in": Path(__file__).parent / "s3_stand_in.lua",
        "origin_seconds": origin,
        "s3_seconds": s3,
        **ports,
    }
    template = Path(__file__).parent / "nginx.conf"
    with run_nginx(template, home, (LOOPBACK, ports["s3_https"]), values) as nginx:
        yield NginxLab(ports, bundle, nginx)


def _issue_certificate(home: Path) -> Path:
    """Issue a certificate for both servers, and return the bundle that trusts it.

    The key is on an elliptic curve, as on most of the web: a handshake costs the server little.
    """
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    server = authority.issue_cert(
        LOOPBACK, not_after=datetime.now(UTC) + timedelta(days=7), key_type=trustme.KeyType.ECDSA
    )
    server.private_key_pem.write_to_path(home / "server.key")
    for part in server.cert_chain_pems:
        part.write_to_path(home / "server.pem", append=True)
    bundle = home / "bundle.pem"
    bundle.write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    return bundle

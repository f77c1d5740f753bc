"""The origin and the S3 stand-in of the benchmark, both served by one nginx on loopback.

nginx needs its Lua module (Debian: nginx-extras). It delays each response exactly and uses little CPU.
"""

import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from os import geteuid
from pathlib import Path
from string import ascii_lowercase, digits

import certifi
import trustme
from infra.build.template_file import ROOT
from infra.command.child_process import read_tail, run_in_background
from infra.command.errors import CommandError
from infra.command.tcp_ports import LOOPBACK, find_free_port

from bench import origin_images, request_counts
from bench.request_counts import Counts

ORIGIN_SECONDS = 0.050
S3_SECONDS = 0.020
IMAGES = ROOT / ".local" / "bench" / "images"
BUCKET = "bench"

_START_SECONDS = 10.0
_MODULE = "ngx_http_lua_module.so"
_MISSING = "nginx with its Lua module is missing: apt install nginx-extras, then stop the service that it starts."


@dataclass(frozen=True, slots=True)
class NginxLab:
    """A running origin and S3 stand-in.

    Attributes:
        ports: by server and scheme: `origin_http`, `origin_https`, `s3_http`, `s3_https`.
        bundle: certificates to trust: the public authorities, and the authority of these two servers.
    """

    ports: Mapping[str, int]
    bundle: Path
    _nginx: int
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
        """Return the CPU seconds of both servers so far, as the kernel counts them for the nginx workers."""
        children = Path(f"/proc/{self._nginx}/task/{self._nginx}/children").read_text().split()
        return sum(int(Path(f"/proc/{child}/schedstat").read_text().split()[0]) for child in children) / 1e9


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
    nginx, modules = _find_nginx()
    IMAGES.mkdir(parents=True, exist_ok=True)
    bundle = _issue_certificate(home)
    ports = {f"{server}_{scheme}": find_free_port() for server in ("origin", "s3") for scheme in ("http", "https")}
    values = {
        "modules": modules,
        "user": "user root;" if geteuid() == 0 else "",
        "home": home,
        "images": IMAGES,
        "s3_stand_in": Path(__file__).parent / "s3_stand_in.lua",
        "origin_seconds": origin,
        "s3_seconds": s3,
        **ports,
    }
    text = (Path(__file__).parent / "nginx.conf").read_text()
    conf = home / "nginx.conf"
    conf.write_text(re.sub(rf"@([{ascii_lowercase}{digits}_]+)@", lambda match: str(values[match[1]]), text))
    log = home / "nginx.log"
    with run_in_background(
        [nginx, "-p", home, "-e", home / "error.log", "-c", conf], env={}, cwd=home, log=log
    ) as process:
        _wait_until_listening(process, ports["s3_https"], log)
        yield NginxLab(ports, bundle, process.pid)


def _find_nginx() -> tuple[str, Path]:
    """Return the paths of nginx and of its modules."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        raise CommandError(_MISSING)
    version = subprocess.run([found, "-V"], capture_output=True, text=True, check=True).stderr
    modules = Path((re.search(r"--modules-path=(\S+)", version) or ["", "/nowhere"])[1])
    if not (modules / _MODULE).exists():
        raise CommandError(_MISSING)
    return found, modules


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


def _wait_until_listening(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > until:
            raise CommandError(f"nginx did not start:\n{read_tail(log)}")
        time.sleep(0.02)

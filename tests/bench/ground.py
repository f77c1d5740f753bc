"""The two ends of the benchmark, both by one nginx: an origin of images, and what stands in for S3.

nginx with its Lua module, as Debian's nginx-extras brings it: it waits as long as it is told, at next to no cost.
"""

import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from os import geteuid
from pathlib import Path
from string import ascii_lowercase

import certifi
import trustme
from infra.build.template import ROOT
from infra.command.child_process import read_tail, run_in_background
from infra.command.errors import CommandError
from infra.command.ports import LOOPBACK, find_free_port

from bench import pictures

ORIGIN_SECONDS = 0.050
SINK_SECONDS = 0.020
IMAGES = ROOT / ".local" / "bench" / "images"
BUCKET = "bench"

_START_SECONDS = 10.0
_MODULE = "ngx_http_lua_module.so"
_MISSING = "There is no nginx with a Lua module here: apt install nginx-extras (and stop the service it starts)."


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the two ends listen.

    Attributes:
        ports: by end and scheme: `origin_http`, `origin_https`, `sink_http`, `sink_https`.
        bundle: certificates to trust: those that everybody trusts, and the one of the two ends.
    """

    ports: Mapping[str, int]
    bundle: Path
    _nginx: int

    def urls(self, scheme: str, size: int, number: int) -> list[str]:
        """Addresses of the first `number` images of a size, which are drawn where they are not there."""
        pictures.draw(IMAGES, size, number)
        port = self.ports[f"origin_{scheme}"]
        return [f"{scheme}://{LOOPBACK}:{port}/{size}/{index}.jpg" for index in range(number)]

    def endpoint(self, scheme: str) -> str:
        """Where S3 is."""
        return f"{scheme}://{LOOPBACK}:{self.ports[f'sink_{scheme}']}"

    def stored(self) -> tuple[int, int]:
        """Objects put since this was last asked, and their bytes."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.endpoint('http')}/-/counts", timeout=5) as answer:
            objects, size = answer.read().split()
        return int(objects), int(size)

    def cpu_seconds(self) -> float:
        """What both ends have computed so far: the kernel's count for the workers of nginx."""
        children = Path(f"/proc/{self._nginx}/task/{self._nginx}/children").read_text().split()
        return sum(int(Path(f"/proc/{child}/schedstat").read_text().split()[0]) for child in children) / 1e9


@contextmanager
def open_ground(home: Path, *, origin: float = ORIGIN_SECONDS, sink: float = SINK_SECONDS) -> Iterator[Ground]:
    """Start both ends, until the block is left.

    Args:
        home: an empty directory.
        origin: seconds until an image is answered.
        sink: seconds until S3 answers, once it has everything.

    Raises:
        CommandError: there is no nginx, or it does not start.
    """
    nginx, modules = _nginx()
    IMAGES.mkdir(parents=True, exist_ok=True)
    bundle = _certify(home)
    ports = {f"{end}_{scheme}": find_free_port() for end in ("origin", "sink") for scheme in ("http", "https")}
    values = {
        "modules": modules,
        "user": "user root;" if geteuid() == 0 else "",
        "home": home,
        "images": IMAGES,
        "origin_seconds": origin,
        "sink_seconds": sink,
        **ports,
    }
    text = (Path(__file__).parent / "nginx.conf").read_text()
    conf = home / "nginx.conf"
    conf.write_text(re.sub(rf"@([{ascii_lowercase}_]+)@", lambda match: str(values[match[1]]), text))
    log = home / "nginx.log"
    with run_in_background(
        [nginx, "-p", home, "-e", home / "error.log", "-c", conf], env={}, cwd=home, log=log
    ) as process:
        _wait(process, ports["sink_https"], log)
        yield Ground(ports, bundle, process.pid)


def _nginx() -> tuple[str, Path]:
    """The program, and where its modules are."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        raise CommandError(_MISSING)
    told = subprocess.run([found, "-V"], capture_output=True, text=True, check=True).stderr
    modules = Path((re.search(r"--modules-path=(\S+)", told) or ["", "/nowhere"])[1])
    if not (modules / _MODULE).exists():
        raise CommandError(_MISSING)
    return found, modules


def _certify(home: Path) -> Path:
    """Make a certificate for the two ends, and return the bundle that trusts it.

    On an elliptic curve, as most of the web has it: a handshake costs the server little.
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


def _wait(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex((LOOPBACK, port)) == 0:
                return
        if process.poll() is not None or time.monotonic() > until:
            raise CommandError(f"nginx did not start:\n{read_tail(log)}")
        time.sleep(0.02)

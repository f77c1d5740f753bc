"""The origins of list_run.py, and the list that names their images: 20 hosts, of which some images are not whole."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from infra.command.tcp_ports import find_free_port

from bench import origin_images
from bench.nginx_process import Nginx, run_nginx

HOSTS = tuple(f"127.0.1.{number}" for number in range(1, 21))


class Kind(StrEnum):
    """What an origin does with an image; the first part of its path."""

    WHOLE = "whole"
    SLOW = "slow"
    NOT_FOUND = "not-found"
    SERVER_ERROR = "server-error"
    INCOMPLETE = "incomplete"
    TRUNCATED = "truncated"


SHARES = {
    Kind.SLOW: 0.02,
    Kind.NOT_FOUND: 0.025,
    Kind.SERVER_ERROR: 0.025,
    Kind.INCOMPLETE: 0.005,
    Kind.TRUNCATED: 0.005,
}
"""The share of each kind among the images; all others are whole."""


@dataclass(frozen=True, slots=True)
class ImageList:
    """A list of images that no other list has.

    Attributes:
        urls: in the order of the list; the kinds are mixed at random, and neighbors have different hosts.
        whole: the SHA-256 of each image that its origin serves whole: what a program has to keep.
        truncated: the SHA-256 of each image whose file at the origin ends early.
    """

    urls: tuple[str, ...]
    whole: frozenset[str]
    truncated: frozenset[str]


@dataclass(frozen=True, slots=True)
class ListOrigins:
    """The running origins.

    Attributes:
        port: of every host.
        nginx: the server that is all of them.
        folder: of the images.
    """

    port: int
    nginx: Nginx
    folder: Path

    def new_list(self, size: int, number: int) -> ImageList:
        """Make a list of `number` images of `size` bytes; the files are kept for the next list."""
        kinds = mix_kinds(number)
        origin_images.write_missing(self.folder, size, number)
        digests = [self._read(size, index, kind) for index, kind in enumerate(kinds)]
        by_kind = list(zip(kinds, digests, strict=True))
        return ImageList(
            urls=tuple(self._url(size, index, kind) for index, kind in enumerate(kinds)),
            whole=frozenset(digest for kind, digest in by_kind if kind in {Kind.WHOLE, Kind.SLOW}),
            truncated=frozenset(digest for kind, digest in by_kind if kind is Kind.TRUNCATED),
        )

    def _read(self, size: int, index: int, kind: Kind) -> str:
        """Return the SHA-256 of the file that the origin serves; reading it brings it into the page cache."""
        body = (origin_images.directory(self.folder, size) / f"{index}.jpg").read_bytes()
        if kind is Kind.TRUNCATED:
            body = body[: len(body) * 2 // 3]
            file = origin_images.directory(_truncated(self.folder), size) / f"{index}.jpg"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(body)
        return hashlib.sha256(body).hexdigest()

    def _url(self, size: int, index: int, kind: Kind) -> str:
        return f"http://{HOSTS[index % len(HOSTS)]}:{self.port}/{kind}/{size}/{index}.jpg"


def mix_kinds(number: int) -> list[Kind]:
    """Return the kind of each image: the shares exactly, in an order that is the same every time."""
    kinds = [kind for kind, share in SHARES.items() for _ in range(round(share * number))]
    kinds += [Kind.WHOLE] * (number - len(kinds))
    random.Random(number).shuffle(kinds)
    return kinds


@contextmanager
def open_origins(home: Path, folder: Path) -> Iterator[ListOrigins]:
    """Start the origins, and stop them with the block.

    Args:
        home: an empty directory.
        folder: of the images, which are kept.

    Raises:
        CommandError: nginx is missing or does not start.
    """
    port = find_free_port()
    listen = " ".join(f"listen {host}:{port} backlog=4096 reuseport;" for host in HOSTS)
    values = {"listen": listen, "images": folder, "truncated": _truncated(folder)}
    template = Path(__file__).parent / "list_origins.conf"
    with run_nginx(template, home, (HOSTS[-1], port), values) as nginx:
        yield ListOrigins(port, nginx, folder)


def _truncated(folder: Path) -> Path:
    return folder / "truncated"

"""Limits: every setting that bounds the work, with its default. The defaults exist only here."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

MIB = 1024 * 1024

ROBOTS_DIRECTIVES = ("noai", "noimageai", "noindex")
"""The directives of X-Robots-Tag that a deployment may respect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits on a File, an image, an origin and their concurrency. Times are in seconds, sizes in bytes.

    Each field is a setting of the same name in capital letters; `settings/table.py` describes it.
    """

    max_base_images: int = 100
    max_image_bytes: int = 20 * MIB
    max_image_pixels: int = 50_000_000
    min_image_pixels: int = 0
    max_image_frames: int = 1000
    image_types: tuple[str, ...] = ("jpeg", "png", "gif", "webp", "bmp", "tiff", "avif")
    max_in_flight: int = 64
    max_per_origin: int = 64
    memory_budget_bytes: int = 256 * MIB
    connect_timeout: float = 3.0
    read_timeout: float = 5.0
    image_timeout: float = 15.0
    max_attempts: int = 3
    max_redirects: int = 5
    allowed_hosts: tuple[str, ...] = ()
    allowed_ports: tuple[int, ...] = (80, 443)
    allowed_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    respect_robots_tag: tuple[str, ...] = ()
    deadline_margin: float = 1.0

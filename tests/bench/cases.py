"""The cases that are measured, and the programs that take part in them."""

from dataclasses import dataclass
from typing import Literal

type Scheme = Literal["http", "https"]


@dataclass(frozen=True, slots=True)
class Case:
    """A list of images that each program downloads and stores.

    Attributes:
        size: bytes of one image.
        cold: every program closes its connections before each run; its process stays warm.
        standard: measured by default; other cases only by name or with `--all`.
    """

    images: int
    size: int = 150_000
    scheme: Scheme = "http"
    cold: bool = False
    standard: bool = True

    @property
    def name(self) -> str:
        size = f"{self.size // 1000}KB" if self.size < 1_000_000 else f"{self.size // 1_000_000}MB"
        return f"{self.images}x{size}-{'cold' if self.cold else 'warm'}-{self.scheme}"


@dataclass(frozen=True, slots=True)
class Competitor:
    """A module of competitors/.

    Attributes:
        name: of the module.
        title: for tables.
        most: images of the largest case that it runs; a larger one would take minutes.
        environment: the virtual environment that it runs in.
        keeps: it stores the images and one summary; both are counted after each run.
        runs_before: runs of its own, with pauses, before the rounds begin.
    """

    name: str
    title: str
    most: int = 5_000
    environment: Literal["dev", "bench", "img2dataset"] = "dev"
    keeps: bool = True
    runs_before: int = 0


FILE_IMAGES = 480
"""Images in one of our Files. The limit is 501; a case with more images becomes several Files."""

OURS = "ours"
CALLERS_TODAY = ("one_after_another", "pool_map", "pool_imap", "pool_map_async", "thread_pool")

COMPETITORS = (
    Competitor("one_after_another", "today: one AsyncClient in turn, boto3", most=48),
    Competitor("pool_map", "today: ThreadPool.map(httpx.get), boto3", most=480),
    Competitor("pool_imap", "today: imap, chunks of 8, boto3", most=480),
    Competitor("pool_map_async", "today: map_async, boto3", most=480),
    Competitor("thread_pool", "today: concurrent.futures, boto3", most=480),
    Competitor("pool_with_client", "thread pool, one shared client, boto3"),
    Competitor("httpx_gather", "AsyncClient, gather, boto3 in threads", most=480),
    Competitor("aiohttp_aiobotocore", "aiohttp + aiobotocore", environment="bench"),
    Competitor("aiohttp_obstore", "aiohttp + obstore", environment="bench"),
    Competitor("img2dataset", "img2dataset, into local files", environment="img2dataset", keeps=False),
    Competitor("curl_parallel", "curl --parallel, downloads alone", keeps=False),
    Competitor(OURS, "image-intake, the whole handler", runs_before=9),
)

WARM_48 = Case(48)
WARM_480 = Case(480, standard=False)
WARM_4800 = Case(4_800, standard=False)
LARGE_48 = Case(48, size=2_000_000)
COLD_48 = Case(48, scheme="https", cold=True)

CASES = (
    Case(1),
    Case(3),
    WARM_48,
    COLD_48,
    LARGE_48,
    Case(48, size=20_000, standard=False),
    WARM_480,
    WARM_4800,
    Case(48, scheme="https", standard=False),
    Case(3, scheme="https", cold=True, standard=False),
    Case(480, scheme="https", cold=True, standard=False),
)

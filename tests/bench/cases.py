"""What is measured: the cases, and who takes part in which."""

from dataclasses import dataclass
from typing import Literal

type Scheme = Literal["http", "https"]


@dataclass(frozen=True, slots=True)
class Case:
    """One File, as large as its origin has it.

    Attributes:
        cold: every connection is closed before each run; the process stays warm.
        standard: measured by default; the others only when named, or by `--all`.
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
    """A program of competitors/.

    Attributes:
        title: for tables.
        most: images of a case; with more, it would take minutes of a run.
        environment: whose packages it runs on.
        keeps: it stores the images and one summary, which is checked after every run.
    """

    name: str
    title: str
    most: int = 5_000
    environment: Literal["dev", "bench", "img2dataset"] = "dev"
    keeps: bool = True


FILE_IMAGES = 480
"""What one File of ours holds here, near the 501 it may hold at most: more images are several Files, and summaries."""

OURS = "ours"
CALLERS_TODAY = ("in_turn", "pool_map", "pool_imap", "pool_map_async", "futures")

COMPETITORS = (
    Competitor("in_turn", "today: one AsyncClient in turn, boto3", most=48),
    Competitor("pool_map", "today: ThreadPool.map(httpx.get), boto3", most=480),
    Competitor("pool_imap", "today: imap, chunks of 8, boto3", most=480),
    Competitor("pool_map_async", "today: map_async, boto3", most=480),
    Competitor("futures", "today: concurrent.futures, boto3", most=480),
    Competitor("pool_with_client", "thread pool, one shared client, boto3"),
    Competitor("obvious_rewrite", "AsyncClient, gather, boto3 in threads", most=480),
    Competitor("aiohttp_aiobotocore", "aiohttp + aiobotocore", environment="bench"),
    Competitor("aiohttp_obstore", "aiohttp + obstore", environment="bench"),
    Competitor("img2dataset", "img2dataset, into local files", environment="img2dataset", keeps=False),
    Competitor("curl_parallel", "curl --parallel, downloads alone", keeps=False),
    Competitor(OURS, "image-intake, the whole handler"),
)

WARM_48 = Case(48)
WARM_480 = Case(480, standard=False)
WARM_4800 = Case(4_800, standard=False)
COLD_48 = Case(48, scheme="https", cold=True)

CASES = (
    Case(1),
    Case(3),
    WARM_48,
    COLD_48,
    Case(48, size=20_000, standard=False),
    Case(48, size=2_000_000, standard=False),
    WARM_480,
    WARM_4800,
    Case(48, scheme="https", standard=False),
    Case(3, scheme="https", cold=True, standard=False),
    Case(480, scheme="https", cold=True, standard=False),
)

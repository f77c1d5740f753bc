"""ImageTask: the work for one distinct URL of a File."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from intake.known.url_key import url_key
from intake.model.error_codes import IntakeError
from intake.model.file import ImageRequest
from intake.model.outcome import Failed, FetchStats
from intake.model.url import Url


@dataclass(slots=True, eq=False)
class ImageTask:
    """The work for one URL of a File.

    Attributes:
        url: the URL.
        key: its `url_key`.
        share: see `Downloader.download`.
        requests: all requests of the File for it.
        stats: counts the work.
    """

    url: Url
    key: bytes
    share: str = ""
    requests: list[ImageRequest] = field(default_factory=list)
    stats: FetchStats = field(default_factory=FetchStats)

    def accepts(self, sha256: str) -> bool:
        """Whether every request accepts bytes with this digest."""
        return {request.sha256 for request in self.requests} <= {None, sha256}

    @property
    def expected_digest(self) -> str | None:
        """The digest that all requests expect; None if they differ, or expect none."""
        digests = {request.sha256 for request in self.requests}
        return digests.pop() if len(digests) == 1 else None


def make_tasks(requests: Sequence[ImageRequest], share: str = "") -> list[ImageTask | Failed]:
    """Return the task of each request, in order. Requests of the same URL share one; an invalid URL has failed."""
    tasks: dict[Url, ImageTask] = {}
    items: list[ImageTask | Failed] = []
    for request in requests:
        try:
            url = Url.parse(request.url)
        except IntakeError as error:
            items.append(Failed(error, FetchStats()))
            continue
        task = tasks.get(url)
        if task is None:
            task = tasks[url] = ImageTask(url, url_key(url), share)
        task.requests.append(request)
        items.append(task)
    return items

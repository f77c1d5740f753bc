"""Outcomes of images for tests of the log and of metrics, with secrets in their texts."""

from datetime import UTC, datetime

from intake.model.error_codes import Blocked, InternalError, NotFound
from intake.model.file import File
from intake.model.image_info import ImageInfo, ImageWarning
from intake.model.outcome import Failed, FetchStats, Outcome, Source, Stored
from intake.model.receipt import Receipt
from intake.model.url import Url

FILE = File.parse(
    {
        "id": "lot-7",
        "urls": [
            "https://a.example/1.jpg?X-Amz-Signature=secret",
            {"url": "https://u:secret@a.example/2", "note": {"secret": "secret"}},
            "x",
            "y",
        ],
        "note": {"secret": ["secret"]},
    }
)


def bug() -> InternalError:
    """Return the error of a bug, with a secret in its text."""
    return InternalError.of(ZeroDivisionError("a bug at https://u:secret@a.example/?token=secret"))


def stored(source: Source = Source.FETCHED, warnings: tuple[ImageWarning, ...] = ()) -> Stored:
    """Return a stored image."""
    info = ImageInfo("jpeg", 4, 3, 1, "image/jpeg", "jpg")
    url, stats = Url.parse("https://a.example/1.jpg"), FetchStats(1, 20, 5)
    return Stored(info, "images/ab/abc.jpg", "abc", 700, url, source is not Source.FETCHED, stats, warnings, source)


OUTCOMES: tuple[Outcome, ...] = (
    stored(),
    Failed(Blocked(reason="address 10.0.0.1: private use"), FetchStats(1, 1, 0)),
    Failed(NotFound("The origin answered 404."), FetchStats(1, 7, 0)),
    Failed(bug(), FetchStats(1, 0, 0)),
)


def receipt() -> Receipt:
    """Return the receipt of the File with these outcomes."""
    return Receipt.of(FILE, OUTCOMES, bucket="b", created_at=datetime(2026, 11, 22, tzinfo=UTC), elapsed_ms=41)

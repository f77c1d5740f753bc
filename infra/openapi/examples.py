"""The examples of the OpenAPI document, made by the models that the service responds with."""

import json
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from intake.model.error_codes import HttpServerError, IntakeError, NotFound
from intake.model.file import Fault, File, InvalidFile
from intake.model.image_info import ImageInfo
from intake.model.object_keys import image_key
from intake.model.outcome import Failed, FetchStats, Outcome, Stored
from intake.model.pending import Pending
from intake.model.problem import ManifestEntry, Problem
from intake.model.receipt import Receipt
from intake.model.url import Url

FILE: dict[str, Any] = {
    "id": "lot-7-cam-2",
    "fileUrl": "https://images.example/lot-7/inspect.jpg",
    "sha256": "3f9a1c60d0a5b2e47f8893c1de02746bb5a9e8d1f64c0372e1b85d9ac7f03e12",
    "baseUrls": [
        {"url": "https://images.example/base/1.png", "sha256": "b7" * 32},
        ["https://images.example/base/2.png"],
    ],
}
URL_LIST: dict[str, Any] = {
    "urls": ["https://images.example/a.jpg", {"url": "https://images.example/b.jpg", "sha256": FILE["sha256"]}]
}
NOTED: dict[str, Any] = {
    "urls": [{"url": "https://images.example/a.jpg", "note": {"camera": 2}}],
    "note": {"lot": "7", "operator": "north"},
}
REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"
"""A request id as in the AWS documentation."""

_DIGESTS = (FILE["sha256"], "b7" * 32, "c4" * 32)


def _stored(position: int, url: str) -> Stored:
    image = (
        ImageInfo("jpeg", 1000, 750, 1, "image/jpeg", "jpg")
        if url.endswith(".jpg")
        else ImageInfo("png", 800, 600, 1, "image/png", "png")
    )
    sha256, stats = _DIGESTS[position], FetchStats(attempts=1, fetch_ms=150, store_ms=37)
    return Stored(image, image_key(sha256, image), sha256, 153582, Url.parse(url), position == 1, stats)


def _receipt(errors: dict[int, IntakeError]) -> dict[str, Any]:
    file = File.parse(FILE)
    outcomes: list[Outcome] = [
        Failed(errors[position], FetchStats(attempts=3, fetch_ms=2104))
        if position in errors
        else _stored(position, request.url)
        for position, request in enumerate(file.images)
    ]
    at = datetime(2026, 11, 22, 12, tzinfo=UTC)
    receipt = Receipt.of(file, outcomes, bucket="example-images", created_at=at, elapsed_ms=412)
    document: dict[str, Any] = json.loads(receipt.to_json())
    return document


STORED = _receipt({})
PARTIAL = _receipt({2: HttpServerError("The origin answered 503.")})
FAILED = _receipt(dict.fromkeys(range(3), NotFound("The origin answered 404.")))


MANIFEST = ManifestEntry(key=f"inbox/{FILE['id']}.json", etag='"d41d8cd98f00b204e9800998ecf8427e"')


def make_problem(
    status: HTTPStatus, detail: str, *errors: Fault, manifest: ManifestEntry | None = None
) -> dict[str, Any]:
    """Create a problem document as the service writes it."""
    document: dict[str, Any] = json.loads(Problem.of(status, detail, list(errors), manifest).to_json())
    return document


def find_faults() -> list[Fault]:
    """Return the three faults of an example of an invalid File."""
    try:
        File.parse({"id": "../lot", "fileUrl": FILE["fileUrl"], "baseUrls": [{"url": 3}, []]})
    except InvalidFile as error:
        return error.faults
    raise AssertionError


PENDING: dict[str, Any] = json.loads(Pending(id=FILE["id"]).to_json())

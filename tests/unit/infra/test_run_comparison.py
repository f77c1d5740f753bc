"""What `make demo` counts of its runs, and when it says that a run is not as documented."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from infra.demo.known_image_check import check_known, check_refreshed
from infra.demo.run_comparison import Run, Traffic, format_comparison
from infra.demo.stored_object_check import Mismatch
from infra.local.ministack import MiniStack
from infra.pictures.picture_server import OriginTraffic


def receipt(source: str, *, stored: int = 0, key: str = "images/a.jpg") -> dict[str, Any]:
    images = [{"url": "https://a.example/1.jpg", "status": "stored", "source": source}, {"status": "failed"}]
    return {"elapsedMs": 1_234, "counts": {"stored": stored}, "objectKeys": [key, None], "images": images}


def traffic(responses: Mapping[int, int], size: int, s3_requests: Mapping[str, int]) -> Traffic:
    return Traffic(Counter(responses), size, Counter(s3_requests))


RECEIPT = {"PUT receipts": 1}


FIRST = Run(
    207,
    receipt("fetched", stored=1),
    2_000.4,
    traffic({200: 1, 404: 1}, 91_814, RECEIPT | {"PUT images": 1, "PUT known": 1}),
)
AGAIN = Run(207, receipt("unchanged"), 70.6, traffic({304: 1, 404: 1}, 0, RECEIPT | {"GET origins": 1}))
REFRESHED = Run(207, receipt("fetched"), 110.0, traffic({200: 1, 404: 1}, 91_814, RECEIPT | {"PUT images": 1}))


def test_comparison_has_a_column_for_each_run() -> None:
    assert format_comparison({"first": FIRST, "again": AGAIN}) == [
        "                                      first  again",
        "  requests to the origin                  2      2",
        "  of these, answered 304: unchanged       0      1",
        "  bytes of images from the origin    91,814      0",
        "  S3: PUT images/                         1      0",
        "  S3: PUT known/                          1      0",
        "  S3: PUT receipts/                       1      1",
        "  S3: GET origins/                        0      1",
        "  milliseconds for the images         1,234  1,234",
        "  milliseconds until the response     2,000     71",
    ]


def test_traffic_is_what_was_counted_since_an_earlier_time(tmp_path: Path) -> None:
    origin, aws = OriginTraffic(), MiniStack("http://127.0.0.1:1", tmp_path / "log")
    aws.log.write_text("S3 request: PUT /b/images/a 200\nother: S3 request: PUT /b/x 200\n")
    origin.count(200, b"12345")
    before = Traffic.until_now(origin, aws)
    origin.count(200, b"123")
    origin.count(304, b"")
    with aws.log.open("a") as log:
        log.write("S3 request: PUT /b/receipts/a 200\nINFO\nS3 request: HEAD /b/images/a 404\n")

    assert Traffic.until_now(origin, aws).since(before) == traffic({200: 1, 304: 1}, 3, RECEIPT | {"HEAD images": 1})


def test_checks_accept_runs_as_documented() -> None:
    check_known(FIRST, AGAIN)
    check_refreshed(FIRST, REFRESHED)


@pytest.mark.parametrize(
    ("message", "again"),
    [
        ("expected the source unchanged, got fetched", replace(AGAIN, receipt=receipt("fetched"))),
        ("stored an object again", replace(AGAIN, receipt=receipt("unchanged", stored=1))),
        ("or returned other keys", replace(AGAIN, receipt=receipt("unchanged", key="images/b.jpg"))),
        ("expected 1 responses 304 of the origin, got 0", replace(AGAIN, traffic=traffic({200: 1}, 9, RECEIPT))),
        ("of the receipt, got {'PUT receipts': 2}", replace(AGAIN, traffic=traffic({304: 1}, 0, {"PUT receipts": 2}))),
        ("of the receipt, got {'PUT images': 1}", replace(AGAIN, traffic=traffic({304: 1}, 0, {"PUT images": 1}))),
    ],
)
def test_demo_fails_when_the_second_run_does_not_use_what_is_known(message: str, again: Run) -> None:
    with pytest.raises(Mismatch, match=message):
        check_known(FIRST, again)


@pytest.mark.parametrize(
    ("message", "refreshed"),
    [
        ("expected the source fetched, got unchanged", replace(REFRESHED, receipt=receipt("unchanged"))),
        ("expected 91814 bytes from the origin, got 0", replace(REFRESHED, traffic=traffic({304: 1}, 0, RECEIPT))),
    ],
)
def test_demo_fails_when_refresh_downloads_less(message: str, refreshed: Run) -> None:
    with pytest.raises(Mismatch, match=message):
        check_refreshed(FIRST, refreshed)

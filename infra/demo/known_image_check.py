"""Checks that a second run of a File uses what the first one learned, and that `refresh` does not."""

from http import HTTPStatus

from infra.demo.run_comparison import Run
from infra.demo.stored_object_check import Mismatch


def check_known(first: Run, again: Run) -> None:
    """Check that the origin sent no stored image again, and that nothing but the receipt was stored.

    Raises:
        Mismatch: an image was downloaded or stored again.
    """
    _check_sources(first, again, "unchanged")
    unchanged = again.traffic.origin_responses[HTTPStatus.NOT_MODIFIED]
    in_bucket = sum(image["status"] == "stored" for image in first.receipt["images"])
    if unchanged != in_bucket:
        raise Mismatch(f"The second request: expected {in_bucket} responses 304 of the origin, got {unchanged}.")
    puts = {kind: number for kind, number in again.traffic.s3_requests.items() if kind.startswith("PUT")}
    if puts != {"PUT receipts": 1}:
        raise Mismatch(f"The second request: expected one PUT to S3, of the receipt, got {puts}.")


def check_refreshed(first: Run, refreshed: Run) -> None:
    """Check that every image was downloaded anew, and none stored twice.

    Raises:
        Mismatch: an image was not downloaded, or stored again.
    """
    _check_sources(first, refreshed, "fetched")
    expected, received = first.traffic.origin_bytes, refreshed.traffic.origin_bytes
    if received != expected:
        raise Mismatch(f"The request with refresh: expected {expected} bytes from the origin, got {received}.")


def _check_sources(first: Run, later: Run, expected: str) -> None:
    if later.receipt["counts"]["stored"] or later.receipt["objectKeys"] != first.receipt["objectKeys"]:
        raise Mismatch("A later request stored an object again, or returned other keys.")
    for image in later.receipt["images"]:
        if image["status"] == "stored" and image["source"] != expected:
            raise Mismatch(f"{image['url']}: expected the source {expected}, got {image['source']}.")

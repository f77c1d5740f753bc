"""Compares the bucket with a receipt: reads each object back and hashes it again."""

import hashlib
from collections.abc import Mapping
from typing import Any

from infra.command.terminal import colorize, print_line
from infra.local.deploy import DeployedStack


class Mismatch(Exception):
    """The service did not do what its receipt or its documentation says."""


def check_failures(receipt: Mapping[str, Any], failing: Mapping[str, str]) -> None:
    """Check that the images that fail on purpose failed with the expected codes, and that all others are stored.

    Args:
        receipt: the response.
        failing: the expected codes by the last segment of the URL.

    Raises:
        Mismatch: names the first image that ended otherwise.
    """
    for image in receipt["images"]:
        expected = failing.get(image["url"].rpartition("/")[2])
        actual = image["error"]["code"] if image["status"] == "failed" else None
        if actual != expected:
            raise Mismatch(f"{image['url']}: expected {expected or 'stored'}, got {actual or 'stored'}.")


def check_objects(deployed: DeployedStack, receipt: Mapping[str, Any], served: Mapping[str, bytes]) -> None:
    """Read every stored object back, and compare its digest with its key and its bytes with those that were served.

    Args:
        deployed: the stack that has the bucket.
        receipt: the response.
        served: bodies by URL, where they are known.

    Raises:
        Mismatch: names the first object that differs.
    """
    s3, stored = deployed.aws.client("s3"), [image for image in receipt["images"] if image["status"] == "stored"]
    for image in stored:
        response = s3.get_object(Bucket=deployed.bucket, Key=image["key"])
        body = response["Body"].read()
        digest = hashlib.sha256(body).hexdigest()
        if digest not in image["key"] or digest != image["sha256"] or response["ContentType"] != image["contentType"]:
            raise Mismatch(f"The object {image['key']} differs from its key or from the receipt.")
        if body != served.get(image["url"], body):
            raise Mismatch(f"The object {image['key']} differs from what the origin served.")
    again = deployed.call("GET", f"/files/{receipt['id']}")
    if again.status != 200 or again.json()["objectKeys"] != receipt["objectKeys"]:  # noqa: PLR2004 - HTTP's own
        raise Mismatch(f"GET /files/{receipt['id']} returned {again.status}, or another receipt.")
    print_line(
        f"  Read back from S3: {len(stored)} of {len(stored)} objects have the SHA-256 that their keys say. "
        + colorize("ok", "green")
    )

"""Whether what the receipt says is so: objects read back, digests taken anew."""

import hashlib
from collections.abc import Mapping
from typing import Any

from infra.command.terminal import coloured, say
from infra.local.deploy import Deployed


class Mismatch(Exception):
    """The service did not do what it promises."""


def expect(receipt: Mapping[str, Any], failing: Mapping[str, str]) -> None:
    """Check that the images that fail on purpose fail with their codes, and all others are stored.

    Args:
        receipt: the answer.
        failing: codes by the last part of the URL.

    Raises:
        Mismatch: naming the first image that did otherwise.
    """
    for image in receipt["images"]:
        wanted = failing.get(image["url"].rpartition("/")[2])
        got = image["error"]["code"] if image["status"] == "failed" else None
        if got != wanted:
            raise Mismatch(f"{image['url']} ended with {got or 'stored'}, not with {wanted or 'stored'}.")


def compare(deployed: Deployed, receipt: Mapping[str, Any], sent: Mapping[str, bytes]) -> None:
    """Read every stored object back, and compare its digest with its key and with what the origin sent.

    Args:
        deployed: where the bucket is.
        receipt: the answer.
        sent: bodies by URL, as far as they are known.

    Raises:
        Mismatch: naming the first object that is not what its key says.
    """
    s3, stored = deployed.aws.client("s3"), [image for image in receipt["images"] if image["status"] == "stored"]
    for image in stored:
        answer = s3.get_object(Bucket=deployed.bucket, Key=image["key"])
        body = answer["Body"].read()
        digest = hashlib.sha256(body).hexdigest()
        if digest not in image["key"] or digest != image["sha256"] or answer["ContentType"] != image["contentType"]:
            raise Mismatch(f"The object {image['key']} is not what its key and the receipt say.")
        if body != sent.get(image["url"], body):
            raise Mismatch(f"The object {image['key']} is not what the origin sent.")
    kept = deployed.call("GET", f"/files/{receipt['id']}")
    if kept.status != 200 or kept.json()["objectKeys"] != receipt["objectKeys"]:  # noqa: PLR2004 - HTTP's own
        raise Mismatch(f"GET /files/{receipt['id']} answered {kept.status}, or not with this receipt.")
    say(
        f"  Read back from S3: {len(stored)} of {len(stored)} objects have the SHA-256 that their keys say. "
        + coloured("ok", "green")
    )

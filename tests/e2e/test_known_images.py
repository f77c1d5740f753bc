"""A second File with the same base images, through the deployed template: what the origin and S3 are asked."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from infra.local.deploy_template import to_json_bytes

from support.crafted_images import segment
from support.deployed_lab import Lab, changed_function, wait_for
from support.fault_proxy import FaultProxy, open_fault_proxy
from support.origin import IMAGE
from support.origin.behaviour import Reader, Request, Writer, head, response_with, send

BASES = range(1, 101)
"""The numbers of the base images: as many as a File may have."""
FIRST, SECOND = 101, 102
"""The numbers of the images to inspect."""

COMMENT = 0xFE
_ORIGINS = "origins/"
"""Cool-downs of origins, which an environment reads every few seconds."""
SETTINGS = {"REFRESH": "revalidate", "KNOWN_IMAGES": "on"}

type Requests = tuple[Counter[str], Counter[str], Counter[str]]
"""The sources of the images of a File, the requests to the origin and the requests to S3, each by kind."""


async def respond_with_own_image(_: Reader, writer: Writer, request: Request) -> None:
    """Respond to `/catalog/{number}` with an image of its own and a strong ETag, or with 304."""
    number = int(request.target.rsplit("/", 1)[1])
    etag = f'"{number}"'
    if dict(request.headers).get("If-None-Match") == etag:
        await send(writer, head(f"ETag: {etag}", status="304 Not Modified"))
        return
    body = IMAGE[:2] + segment(COMMENT, number.to_bytes(4)) + IMAGE[2:]
    await send(writer, response_with(body, f"ETag: {etag}"))


class Site:
    """The catalog of images on the origin, and the S3 requests of the function that ingests them."""

    def __init__(self, lab: Lab, s3: FaultProxy) -> None:
        self._lab = lab
        self._s3 = s3

    def ingest(self, number: int) -> Requests:
        """Send a File with this image to inspect and all base images; return what it took."""
        origin = self._lab.origin
        origin_start, s3_start = len(origin.requests), len(self._s3.requests)
        urls = [origin.url(f"catalog/{each}") for each in (number, *BASES)]
        receipt = self._post({"fileUrl": urls[0], "baseUrls": [{"url": url} for url in urls[1:]]})
        asked = ["conditional" if b"If-None-Match" in one.raw else "plain" for one in origin.requests[origin_start:]]
        lines = [line.replace(f"/{self._lab.stack.bucket}/", "") for line in self._s3.requests[s3_start:]]
        kinds = [line.partition("/")[0] for line in lines if _ORIGINS not in line]
        return Counter(image["source"] for image in receipt["images"]), Counter(asked), Counter(kinds)

    def warm(self) -> None:
        """Send a File of one image: its environment has a signer then, and knows nothing of the catalog."""
        self._post({"urls": [self._lab.url("golden.png")]})

    def _post(self, file: dict[str, Any]) -> dict[str, Any]:
        response = self._lab.stack.call("POST", "/files", to_json_bytes(file))
        assert response.status == 200, response.body
        receipt: dict[str, Any] = response.json()
        return receipt


@contextmanager
def new_environment(lab: Lab, s3: FaultProxy) -> Iterator[Site]:
    """Start an environment that sends its S3 requests through the proxy."""
    with changed_function(lab, "HttpFunction", SETTINGS | {"AWS_ENDPOINT_URL_S3": s3.url}):
        site = Site(lab, s3)
        site.warm()
        yield site


@pytest.fixture
def s3(deployed: Lab) -> Iterator[FaultProxy]:
    deployed.origin.responders["catalog"] = respond_with_own_image
    with open_fault_proxy(deployed.stack.aws.endpoint) as proxy:
        yield proxy


def test_base_images_are_neither_downloaded_nor_uploaded_again(deployed: Lab, s3: FaultProxy) -> None:
    """101 images, of which 100 are known: first by the memory of the environment, then by the document in S3."""
    with new_environment(deployed, s3) as site:
        first = site.ingest(FIRST)
        second = site.ingest(SECOND)
    more = count(SECOND + 1)

    def ingest_in_another_environment() -> Requests | None:
        """Try again where S3 took longer than the 50 ms that an environment waits for the document."""
        with new_environment(deployed, s3) as site:
            found = site.ingest(next(more))
        return found if found[0]["unchanged"] else None

    elsewhere = wait_for(ingest_in_another_environment, 60)

    assert first == (
        {"fetched": 101},
        {"plain": 101},
        {"GET known": 1, "PUT images": 101, "PUT known": 1, "PUT receipts": 1},
    )
    assert second == (
        {"fetched": 1, "unchanged": 100},
        {"plain": 1, "conditional": 100},
        {"PUT images": 1, "PUT receipts": 1},
    )
    assert elsewhere == (
        {"fetched": 1, "unchanged": 100},
        {"plain": 1, "conditional": 100},
        {"GET known": 1, "HEAD images": 100, "PUT images": 1, "PUT receipts": 1},
    )

"""A second File with the same base images, through the deployed template: what the origin and S3 are asked."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
from infra.local.deploy_template import to_json_bytes

from support.crafted_images import segment
from support.deployed_lab import Lab, changed_function, wait_for
from support.fault_proxy import FaultProxy, open_fault_proxy
from support.origin import IMAGE, Origin, origin_in_thread
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


@dataclass(frozen=True, slots=True)
class Catalog:
    """The images of an origin, and the S3 requests of the function that ingests them.

    Attributes:
        lab: has the deployed stack.
        origin: serves the catalog, and nothing else.
        s3: the proxy that the function sends its S3 requests to.
    """

    lab: Lab
    origin: Origin
    s3: FaultProxy

    @contextmanager
    def new_environment(self) -> Iterator[None]:
        """Start an environment that may ingest the catalog, knows nothing of it and can send requests to S3 at once."""
        ports = {"ALLOWED_PORTS": str(self.origin.port), "AWS_ENDPOINT_URL_S3": self.s3.url}
        with changed_function(self.lab, "HttpFunction", SETTINGS | ports):
            self._post({"urls": [self.origin.url("catalog/0")]})
            yield

    def ingest(self, number: int) -> Requests:
        """Send a File with this image to inspect and all base images; return what it took."""
        origin_start, s3_start = len(self.origin.requests), len(self.s3.requests)
        urls = [self.origin.url(f"catalog/{each}") for each in (number, *BASES)]
        receipt = self._post({"fileUrl": urls[0], "baseUrls": [{"url": url} for url in urls[1:]]})
        asked = [
            "conditional" if b"If-None-Match" in one.raw else "plain" for one in self.origin.requests[origin_start:]
        ]
        lines = [line.replace(f"/{self.lab.stack.bucket}/", "") for line in self.s3.requests[s3_start:]]
        kinds = [line.partition("/")[0] for line in lines if _ORIGINS not in line]
        return Counter(image["source"] for image in receipt["images"]), Counter(asked), Counter(kinds)

    def _post(self, file: dict[str, Any]) -> dict[str, Any]:
        response = self.lab.stack.call("POST", "/files", to_json_bytes(file))
        assert response.status == 200, response.body
        receipt: dict[str, Any] = response.json()
        return receipt


@pytest.fixture
def catalog(deployed: Lab) -> Iterator[Catalog]:
    """A catalog on an origin of its own, which no other test sends into a cool-down."""
    with origin_in_thread() as origin, open_fault_proxy(deployed.stack.aws.endpoint) as s3:
        origin.default_responder = respond_with_own_image
        yield Catalog(deployed, origin, s3)


def test_base_images_are_neither_downloaded_nor_uploaded_again(catalog: Catalog) -> None:
    """101 images, of which 100 are known: first by the memory of the environment, then by the document in S3."""
    with catalog.new_environment():
        first = catalog.ingest(FIRST)
        second = catalog.ingest(SECOND)
    more = count(SECOND + 1)

    def ingest_in_another_environment() -> Requests | None:
        """Try again where S3 took longer than the 50 ms that an environment waits for the document."""
        with catalog.new_environment():
            found = catalog.ingest(next(more))
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

"""Images of source buckets, through the service, on real S3 servers: literal keys, versions, regions, faults."""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import pytest
from infra.build.template_file import ROOT

from support.origin import Origin, origin_in_thread
from support.origin.behaviour import reply
from support.origin.redirects import redirect
from support.real_service import post_file, real_service
from support.s3_server import S3Server
from support.sample_images import picture

PAGE = (ROOT / "docs" / "private-origins.md").read_text()
[EXAMPLE] = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
ODD_KEYS = (
    "lot 7/a+b.jpg",
    "a%20b.jpg",
    "a#b?c=d&e.jpg",
    "ä€💩.jpg",
    "tilde~'quote\"<>{}|^`.jpg",
    "a=b;c:d@e,f!$(g)*.jpg",
    "k?versionId=1/x",
    "%2F%2e%2e%2fa.jpg",
)
"""Keys that a client reads as something else if it decodes or encodes them once too often."""


@pytest.fixture
def buckets(server: S3Server) -> tuple[str, str]:
    """A bucket that is a source, and one that is not. The source has versions."""
    source = server.new_bucket()
    server.client().put_bucket_versioning(Bucket=source, VersioningConfiguration={"Status": "Enabled"})
    return source, server.new_bucket()


@pytest.fixture
def service(
    server: S3Server, images: str, buckets: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Origin]:
    """The service with one source bucket, and an origin on loopback."""
    with ExitStack() as stack:
        origin = stack.enter_context(origin_in_thread())
        settings = {
            "IMAGE_BUCKET": images,
            "SOURCE_BUCKETS": buckets[0],
            "ALLOWED_NETWORKS": "127.0.0.1/32",
            "ALLOWED_PORTS": str(origin.port),
        }
        stack.enter_context(real_service(monkeypatch, server.environment | settings))
        yield origin


def put(server: S3Server, bucket: str, key: str, seed: int) -> str:
    """Store a picture; return the id of its version."""
    response = server.client().put_object(Bucket=bucket, Key=key, Body=picture(8, 8, seed))
    return response.get("VersionId", "")


def ingest(*urls: str | Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the entry of each image in the receipt."""
    _, receipt = post_file({"id": f"s-{uuid4()}", "urls": list(urls)})
    entries: list[dict[str, Any]] = receipt["images"]
    return entries


def codes_of(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["error"]["code"] if "error" in entry else entry["source"] for entry in entries]


@pytest.mark.usefixtures("service")
def test_objects_are_read_by_their_literal_keys(server: S3Server, images: str, buckets: tuple[str, str]) -> None:
    source, _ = buckets
    for number, key in enumerate(ODD_KEYS):
        put(server, source, key, number)

    entries = ingest(*(f"s3://{source}/{key}" for key in ODD_KEYS))

    assert codes_of(entries) == ["fetched"] * len(ODD_KEYS)
    stored = server.objects(images, "images/")
    assert [stored[entry["key"]] for entry in entries] == [picture(8, 8, number) for number in range(len(ODD_KEYS))]
    assert entries[0]["finalUrl"] == f"s3://{source}/lot 7/a+b.jpg"


@pytest.mark.usefixtures("service")
def test_file_of_the_page_is_read(server: S3Server, images: str, buckets: tuple[str, str]) -> None:
    source, _ = buckets
    put(server, source, "lot 7/inspect #2.jpg", 1)
    put(server, source, "base/1.png", 2)
    version = put(server, source, "base/2.png", 3)
    put(server, source, "base/2.png", 4)
    text = json.dumps(EXAMPLE).replace("my-photos", source).replace("3HL4kqtJlcpXroDTDmJrmSpXd3dIbrHY", version)

    status, receipt = post_file(json.loads(text))

    stored = server.objects(images, "images/")
    assert (status, [stored[key] for key in receipt["objectKeys"]]) == (
        200,
        [picture(8, 8, seed) for seed in (1, 2, 3)],
    )
    kept = json.loads(server.objects(images, "receipts/")["receipts/lot-7-cam-2.json"])
    assert [image["finalUrl"] for image in kept["images"]] == [
        f"s3://{source}/lot 7/inspect #2.jpg",
        f"s3://{source}/base/1.png",
        f"s3://{source}/base/2.png",
    ]


@pytest.mark.usefixtures("service")
def test_object_that_has_not_changed_is_not_read_again(server: S3Server, buckets: tuple[str, str]) -> None:
    source, _ = buckets
    first = put(server, source, "a.jpg", 1)
    url = f"s3://{source}/a.jpg"
    [entry] = ingest(url)
    assert codes_of(ingest(url)) == ["unchanged"]
    assert codes_of(ingest({"url": f"s3://{source}/elsewhere.jpg", "sha256": entry["sha256"]})) == ["known"]
    put(server, source, "a.jpg", 2)
    [changed, old] = ingest(url, f"{url}?versionId={first}")
    assert (changed["source"], changed["sha256"] != entry["sha256"]) == ("fetched", True)
    assert (old["source"], old["sha256"]) == ("fetched", entry["sha256"])


def test_object_that_cannot_be_read_has_the_code_of_its_fault(
    server: S3Server, images: str, buckets: tuple[str, str], service: Origin
) -> None:
    source, other = buckets
    put(server, source, "deleted.jpg", 1)
    server.client().delete_object(Bucket=source, Key="deleted.jpg")
    server.client().put_object(Bucket=source, Key="page", Body=b"<html>no image, but long enough</html>")
    service.responders["to_bucket"] = reply(redirect(f"s3://{source}/page"))
    entries = ingest(
        f"s3://{source}/never.jpg",
        f"s3://{source}/deleted.jpg",
        f"s3://{source}/page",
        f"s3://{other}/a.jpg",
        f"s3://{images}/receipts/x.json",
        f"s3://{source}",
        {"url": f"s3://{other}/a.jpg", "sha256": "0" * 64},
        service.url("to_bucket"),
    )
    assert codes_of(entries) == [
        "not_found",
        "not_found",
        "unsupported_type",
        "blocked",
        "blocked",
        "invalid_url",
        "blocked",
        "blocked",
    ]
    assert len({entry["error"]["message"] for entry in entries[3:5]}) == 1
    assert "SOURCE_BUCKETS" in entries[3]["error"]["message"]
    assert "SOURCE_BUCKETS" not in entries[7]["error"]["message"]


def test_bucket_of_another_region_is_read_without_a_setting(
    emulator: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    images, sources = emulator.new_bucket(), [f"far-{uuid4().hex[:12]}" for _ in range(2)]
    for source in sources:
        emulator.client().create_bucket(Bucket=source, CreateBucketConfiguration={"LocationConstraint": "ap-south-2"})
    settings = {"IMAGE_BUCKET": images, "SOURCE_BUCKETS": f"{sources[0]},{sources[1]}@ap-south-2"}
    for source in sources:
        for number in range(4):
            put(emulator, source, f"{number}.jpg", number)

    with real_service(monkeypatch, emulator.environment | settings):
        for source in sources:
            assert codes_of(ingest(*(f"s3://{source}/{number}.jpg" for number in range(4)))) == ["fetched"] * 4

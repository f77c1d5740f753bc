"""`BucketSource` and the page of a receipt on real S3 servers, with the credentials of the viewer."""

import json
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3
import pytest
from infra.look.errors import LookError
from infra.look.image_links import LINK_SECONDS
from infra.look.pages import write_receipt_page
from infra.look.sources import BucketSource

from support.html_document import Element, parse_html
from support.receipt_documents import failed, receipt, stored, write_objects
from support.s3_server import READER_KEY, S3Server

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
DOCUMENT = receipt("lot-7", stored("a.png", b"picture"), stored("b.tiff", b"pages"), failed("c.png"))


@pytest.fixture
def source(server: S3Server, images: str, tmp_path: Path) -> BucketSource:
    folder = write_objects(tmp_path / "objects", DOCUMENT, bodies=(b"picture", b"pages"))
    for path in (path for path in folder.rglob("*") if path.is_file()):
        server.client().upload_file(str(path), images, str(path.relative_to(folder)))
    session = boto3.Session(server.access_key, server.secret_key, region_name=server.region)
    return BucketSource(images, server.url, session=session)


def render(source: BucketSource, target: Path, *, embed: bool = False) -> Element:
    write_receipt_page(source, "lot-7", target, embed=embed)
    return parse_html(target.read_text())


def get(url: str) -> tuple[str, bytes]:
    """Return the type and the body of a response, as a browser without credentials gets it."""
    with urllib.request.urlopen(url, timeout=10) as response:  # noqa: S310 - the local S3
        return response.headers["Content-Type"], response.read()


def test_page_links_to_the_objects_and_to_nothing_else(source: BucketSource, server: S3Server, tmp_path: Path) -> None:
    page = render(source, tmp_path / "page.html")
    [image] = page.find_all("img")
    signed = [link.attributes["href"] for link in page.find_all("a") if "X-Amz" in link.attributes["href"]]

    assert source.image_origin == server.url
    assert all(url.startswith(f"{server.url}/") for url in signed)
    assert get(image.attributes["src"]) == ("image/png", b"picture")
    assert [get(url) for url in signed] == [("image/png", b"picture"), ("application/octet-stream", b"pages")]


def test_links_end_after_an_hour_and_the_page_says_when(source: BucketSource, server: S3Server, tmp_path: Path) -> None:
    page = render(source, tmp_path / "page.html")

    assert source.expires_at is not None
    left = source.expires_at - datetime.now(UTC)
    assert timedelta(seconds=LINK_SECONDS - 60) < left <= timedelta(seconds=LINK_SECONDS)
    assert f"X-Amz-Expires={LINK_SECONDS}" in page.find("img").attributes["src"]
    shown = source.expires_at.strftime("%H:%M:%S UTC")
    assert f"pictures load until {source.expires_at.day} " in page.find("ul", "status").text
    assert shown in page.find("ul", "status").text
    assert shown in page.find("footer").text
    assert f"make look ID=lot-7 ENDPOINT={server.url} writes a new page" in page.find("footer").text


def test_embedded_page_has_no_link_to_the_bucket(source: BucketSource, server: S3Server, tmp_path: Path) -> None:
    page = render(source, tmp_path / "page.html", embed=True)

    assert page.find("img").attributes["src"] == "data:image/png;base64,cGljdHVyZQ=="
    assert server.url not in (tmp_path / "page.html").read_text()
    assert "pictures load until" not in page.text


def test_object_never_comes_as_a_document(source: BucketSource, server: S3Server, images: str) -> None:
    key = str(stored("x.png", SVG)["key"])
    server.client().put_object(Bucket=images, Key=key, Body=SVG, ContentType="image/svg+xml")

    assert get(source.image_url(key)) == ("image/png", SVG)


def test_link_serves_no_other_type_than_the_signed_one(source: BucketSource, server: S3Server) -> None:
    url = source.image_url(str(DOCUMENT["images"][0]["key"])).replace("image%2Fpng", "text%2Fhtml")

    with pytest.raises(urllib.error.HTTPError, match="403"):
        get(url)
    assert url.startswith(server.url)


def test_object_that_is_missing_or_too_large_is_not_read(source: BucketSource) -> None:
    key = str(DOCUMENT["images"][0]["key"])

    assert source.read_image(key, max_bytes=7) == b"picture"
    assert source.read_image(key, max_bytes=6) is None
    assert source.read_image("images/00/none.png", max_bytes=7) is None
    assert source.receipt("none") is None
    assert source.problem("none") is None


def test_problem_of_a_manifest_is_read(source: BucketSource, server: S3Server, images: str) -> None:
    problem = {"title": "Unprocessable Content", "detail": "This is not a valid File."}
    server.client().put_object(Bucket=images, Key="problems/bad.json", Body=json.dumps(problem))

    assert source.problem("bad") == problem


def test_credentials_without_the_right_to_read_are_told_which_they_need(
    s3: S3Server, bucket: str, tmp_path: Path
) -> None:
    s3.client().put_object(Bucket=bucket, Key="receipts/lot-7.json", Body=b"{}")
    wrong = BucketSource(bucket, s3.url, session=boto3.Session(READER_KEY, "wrong secret", region_name=s3.region))

    with pytest.raises(LookError, match=rf"^s3://{bucket}/receipts/lot-7\.json cannot be read: S3 answered Sig"):
        render(wrong, tmp_path / "page.html")


@pytest.mark.parametrize(
    ("origin", "region", "bucket"),
    [
        ("https://my-images.s3.eu-central-1.amazonaws.com", "eu-central-1", "my-images"),
        ("https://my-images.s3.amazonaws.com", "us-east-1", "my-images"),
        ("https://my-images.s3.cn-north-1.amazonaws.com.cn", "cn-north-1", "my-images"),
        ("https://s3.eu-central-1.amazonaws.com", "eu-central-1", "my.images"),
    ],
)
def test_links_lead_to_the_region_of_the_bucket(origin: str, region: str, bucket: str) -> None:
    """S3 redirects requests to s3.amazonaws.com, and the page allows images of one origin."""
    source = BucketSource(bucket, session=boto3.Session("key", "secret", region_name=region))

    assert source.image_origin == origin
    assert source.image_url("images/ab/x.png").startswith(f"{origin}/")


def test_links_end_with_temporary_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    end = datetime.now(UTC) + timedelta(minutes=5)
    session = boto3.Session("key", "secret", "token", region_name="eu-central-1")
    monkeypatch.setattr(session.get_credentials(), "_expiry_time", end, raising=False)

    assert BucketSource("my-images", session=session).expires_at == end

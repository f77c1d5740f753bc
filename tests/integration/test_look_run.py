"""The page of a run whose table is in a bucket, on real S3 servers, and which runs a bucket has."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from infra.look.errors import LookError
from infra.look.pages import write_run_page
from infra.look.sources import BucketSource

from intake.model.object_keys import failed_key, summary_key, table_key
from support.html_document import Element, parse_html
from support.run_table import RUN, encode_part, failed_row, stored_row
from support.s3_server import S3Server

PARTS = 1_050
"""More than one page of a listing has (Amazon S3, ListObjectsV2)."""


@pytest.fixture
def source(server: S3Server, images: str) -> BucketSource:
    session = boto3.Session(server.access_key, server.secret_key, region_name=server.region)
    return BucketSource(images, server.url, session=session)


def put(server: S3Server, bucket: str, objects: dict[str, bytes]) -> None:
    client = server.client()
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda item: client.put_object(Bucket=bucket, Key=item[0], Body=item[1]), objects.items()))


def show(source: BucketSource, folder: Path, run: str = RUN) -> Element:
    write_run_page(source, run, folder / "page.html")
    return parse_html((folder / "page.html").read_text())


def test_page_counts_every_part_of_a_long_listing(
    source: BucketSource, server: S3Server, images: str, tmp_path: Path
) -> None:
    parts = {
        table_key(RUN, f"{part:04}"): encode_part([stored_row(2 * part + 1), failed_row(2 * part + 2, code="timeout")])
        for part in range(PARTS)
    }
    damaged = table_key(RUN, "0500")
    parts[damaged] = parts[damaged][:-8]
    summary = {"run": RUN, "complete": True, "seconds": 10, "failedKey": failed_key(RUN)}
    put(server, images, parts | {summary_key(RUN): json.dumps(summary).encode(), f"runs/{RUN}/batches/1.json": b"{}"})

    page = show(source, tmp_path)

    assert page.find("h1").text == "1,050 of 2,100 images are stored"
    assert f"s3://{images}/{damaged} is damaged: it ends early" in page.text
    assert page.find_all("pre")[0].text == (
        f"make bulk RUN={RUN} ENDPOINT={server.url} OUT=folder "
        f"make bulk LIST=folder/{failed_key(RUN)} ENDPOINT={server.url}"
    )
    assert [image.attributes["src"].partition("?")[0] for image in page.find_all("img")] == [
        f"{server.url}/{images}/{stored_row()['key']}"
    ]


def test_run_that_does_not_exist_is_an_error_that_names_the_newest(
    source: BucketSource, server: S3Server, images: str, tmp_path: Path
) -> None:
    for run in ("first", "second"):
        put(server, images, {summary_key(run): b"{}"})

    with pytest.raises(LookError, match=r"no results of a run named third\. Its newest runs:") as error:
        show(source, tmp_path, "third")

    assert set(str(error.value).split()[-2:]) == {"first", "second"}

"""What is left of botocore's data says of S3 and STS what the whole of it says."""

import gzip
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import botocore
import pytest
from botocore.exceptions import BotoCoreError
from botocore.loaders import Loader
from botocore.session import Session
from infra import services

from intake.s3.signer import Signer

WHOLE = Path(botocore.__file__).parent / "data"
OTHERS = ("ec2", "sqs")


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of botocore's data, with two other services in it, what is left."""
    code = tmp_path_factory.mktemp("code")
    data = code / "botocore" / "data"
    data.mkdir(parents=True)
    for file in WHOLE.glob("*.json"):
        shutil.copy(file, data)
    for service in (*services.SERVICES, *OTHERS):
        shutil.copytree(WHOLE / service, data / service)
    services.cut(code)
    return data


def read(file: Path) -> Any:
    return json.loads(gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes())


def differences(one: Any, other: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where two documents are not the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in one.keys() | other.keys():
            yield from differences(one.get(name), other.get(name), (*path, name))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differences(left, right, (*path, str(index)))
    elif one != other:
        yield path


def test_no_other_service_is_left(left: Path) -> None:
    assert {"s3", "sts"} == {path.name for path in left.iterdir() if path.is_dir()}


def test_descriptions_differ_by_words_for_people_alone(left: Path) -> None:
    descriptions = [file.relative_to(left) for file in left.rglob("*.json.gz")]

    for file in descriptions:
        assert {"documentation"} >= {path[-1] for path in differences(read(WHOLE / file), read(left / file))}, file
    assert {"endpoint-rule-set-1.json.gz", "service-2.json.gz"} == {file.name for file in descriptions}


def test_a_description_has_no_words_for_people_left(left: Path) -> None:
    described = json.dumps(read(left / "s3" / "2006-03-01" / "service-2.json.gz"))

    assert "<p>" in json.dumps(read(WHOLE / "s3" / "2006-03-01" / "service-2.json.gz"))
    assert "<p>" not in described


def test_the_addresses_differ_by_other_services_alone(left: Path) -> None:
    gone = list(differences(read(WHOLE / "endpoints.json"), read(left / "endpoints.json")))

    assert {"services"} == {path[2] for path in gone}
    assert not services.SERVICES & {path[3] for path in gone}


def loader(data: Path) -> Loader:
    """What reads the data, as if it stood in botocore itself: the rules for addresses are for that alone."""
    reading = Loader([str(data)], include_default_search_paths=False)
    reading.BUILTIN_DATA_PATH = str(data)
    return reading


def place(reading: Loader, region: str, bucket: str) -> tuple[str, str, list[str]] | str:
    """Where a bucket is and what its signatures are for: origin, path, and scope without its day; or why it is not."""
    session = Session()
    session.register_component("data_loader", reading)
    session.set_credentials("key", "secret")
    try:
        signed = Signer(boto3.Session(region_name=region, botocore_session=session), bucket).sign("PUT", "a key", {})
    except BotoCoreError as error:
        return str(error)
    url = urlsplit(signed.target)
    return signed.origin, url.path, parse_qs(url.query)["X-Amz-Credential"][0].split("/")[2:]


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/dev/null")
    return monkeypatch


@pytest.mark.parametrize(
    ("variable", "bucket"),
    [
        (None, "the-images"),
        (None, "the.images"),
        ("AWS_USE_FIPS_ENDPOINT", "images"),
        ("AWS_USE_DUALSTACK_ENDPOINT", "images"),
    ],
)
def test_a_bucket_of_every_region_is_where_it_was(
    left: Path, environment: pytest.MonkeyPatch, variable: str | None, bucket: str
) -> None:
    if variable:
        environment.setenv(variable, "true")
    known = boto3.Session()
    regions = [name for part in known.get_available_partitions() for name in known.get_available_regions("s3", part)]
    whole, cut = loader(WHOLE), loader(left)

    for region in regions:
        assert place(whole, region, bucket) == place(cut, region, bucket)
    assert {"us-east-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1"} <= set(regions)

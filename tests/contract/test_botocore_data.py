"""The artifact's reduced botocore data describes the services that it keeps exactly like the complete data."""

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
from botocore.loaders import Loader
from botocore.session import Session
from infra.build import botocore_data

from intake.model.error_codes import StoreFailed
from intake.s3.signer import Signer

COMPLETE = Path(botocore.__file__).parent / "data"
OTHERS = ("ec2", "sqs")


@pytest.fixture(scope="module")
def reduced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data after the reduction; before, it had two other services."""
    code = tmp_path_factory.mktemp("code")
    data = code / "botocore" / "data"
    data.mkdir(parents=True)
    for file in COMPLETE.glob("*.json"):
        shutil.copy(file, data)
    for service in (*botocore_data.SERVICES, *OTHERS):
        shutil.copytree(COMPLETE / service, data / service)
    botocore_data.trim(code)
    return data


def read(file: Path) -> Any:
    return json.loads(gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes())


def differences(one: Any, other: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the path of each difference between two documents."""
    if isinstance(one, dict) and isinstance(other, dict):
        for name in one.keys() | other.keys():
            yield from differences(one.get(name), other.get(name), (*path, name))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from differences(left, right, (*path, str(index)))
    elif one != other:
        yield path


def test_reduced_data_has_no_other_service(reduced: Path) -> None:
    assert {"s3", "secretsmanager", "sts"} == {path.name for path in reduced.iterdir() if path.is_dir()}


def test_descriptions_differ_in_their_documentation_only(reduced: Path) -> None:
    descriptions = [file.relative_to(reduced) for file in reduced.rglob("*.json.gz")]

    for file in descriptions:
        assert {"documentation"} >= {path[-1] for path in differences(read(COMPLETE / file), read(reduced / file))}, (
            file
        )
    assert {"endpoint-rule-set-1.json.gz", "service-2.json.gz"} == {file.name for file in descriptions}


def test_reduced_description_has_no_documentation(reduced: Path) -> None:
    described = json.dumps(read(reduced / "s3" / "2006-03-01" / "service-2.json.gz"))

    assert "<p>" in json.dumps(read(COMPLETE / "s3" / "2006-03-01" / "service-2.json.gz"))
    assert "<p>" not in described
    assert list(COMPLETE.glob("s3/*/examples-*.json"))
    assert list(reduced.rglob("examples-*.json")) == []


def test_endpoints_differ_in_other_services_only(reduced: Path) -> None:
    removed = list(differences(read(COMPLETE / "endpoints.json"), read(reduced / "endpoints.json")))

    assert {"services"} == {path[2] for path in removed}
    assert not botocore_data.SERVICES & {path[3] for path in removed}


def loader(data: Path) -> Loader:
    """Build a loader that treats a directory as botocore's own data: it reads endpoint rules from nowhere else."""
    reading = Loader([str(data)], include_default_search_paths=False)
    reading.BUILTIN_DATA_PATH = str(data)
    return reading


def endpoint_of(reading: Loader, region: str, bucket: str) -> tuple[str, str, list[str]] | str:
    """Return the endpoint of a bucket, its path and the scope of its signatures without the date; or the error."""
    session = Session()
    session.register_component("data_loader", reading)
    session.set_credentials("key", "secret")
    try:
        signed = Signer(boto3.Session(region_name=region, botocore_session=session), bucket).sign("PUT", "a key", {})
    except StoreFailed as error:
        return error.reason or ""
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
def test_endpoint_of_a_bucket_does_not_change_in_any_region(
    reduced: Path, environment: pytest.MonkeyPatch, variable: str | None, bucket: str
) -> None:
    if variable:
        environment.setenv(variable, "true")
    known = boto3.Session()
    regions = [name for part in known.get_available_partitions() for name in known.get_available_regions("s3", part)]
    complete_loader, reduced_loader = loader(COMPLETE), loader(reduced)

    for region in regions:
        assert endpoint_of(complete_loader, region, bucket) == endpoint_of(reduced_loader, region, bucket)
    assert {"us-east-1", "cn-north-1", "us-gov-west-1", "us-iso-east-1"} <= set(regions)

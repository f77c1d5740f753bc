"""The API behind a custom domain with a base path."""

import json
from collections.abc import Iterator

import pytest

from support.handler_fakes import HandlerFakes, install_fakes
from support.http_calls import behind, call, post
from support.sample_images import picture

URL = "https://a.example/1?X-Amz-Signature=secret"
FILE = {"id": "lot-7", "urls": [URL], "note": {"of": "the caller's own"}}


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> Iterator[HandlerFakes]:
    with install_fakes(monkeypatch) as installed:
        installed.downloader.results = {URL: picture(4, 3, 1)}
        yield installed


BASE_PATHS = ["", "/images", "/a/b", "/files", "/v1", "/files/x", "/lot-7"]


@pytest.mark.parametrize("base_path", BASE_PATHS)
@pytest.mark.usefixtures("fakes")
def test_api_is_served_behind_any_base_path(base_path: str) -> None:
    """API Gateway tells the base path and the resource apart in `resource` alone."""
    assert behind(base_path, "POST", "/files", "/files", FILE)[0] == 200
    assert behind(base_path, "POST", "/files", "/files/", FILE)[0] == 200
    assert behind(base_path, "GET", "/files/{id}", "/files/lot-7")[2]["id"] == "lot-7"
    assert behind(base_path, "GET", "/files/{id}", "/files/files")[0] == 404
    assert behind(base_path, "GET", "/files/{id}", "/files/lot-7/")[0] == 200


@pytest.mark.parametrize("base_path", BASE_PATHS)
@pytest.mark.usefixtures("fakes")
def test_location_begins_with_the_base_path(base_path: str) -> None:
    prefer = {"headers": {"Prefer": "respond-async"}}
    status, headers, _ = behind(base_path, "POST", "/files", "/files", FILE, **prefer)
    assert (status, headers["Location"]) == (202, f"{base_path}/files/lot-7")
    status, headers, _ = behind(base_path, "GET", "/files/{id}", "/files/lot-7")
    assert (status, headers["Location"]) == (202, f"{base_path}/files/lot-7")
    assert post(FILE, "respond-async")[1]["Location"] == "/files/lot-7"  # of another domain, right after


@pytest.mark.parametrize(("base_path", "shown"), [("/", ""), ("//other.example", "/other.example"), ("/a//b", "/a/b")])
@pytest.mark.usefixtures("fakes")
def test_location_never_names_another_host(base_path: str, shown: str) -> None:
    prefer = {"headers": {"Prefer": "respond-async"}}
    status, headers, _ = behind(base_path, "POST", "/files", "/files", FILE, **prefer)
    assert (status, headers["Location"]) == (202, f"{shown}/files/lot-7")


@pytest.mark.parametrize("resource", [None, "", "/", "/{proxy+}", "/files/{id}/x", "/other", "/files/{id}"])
@pytest.mark.usefixtures("fakes")
def test_api_is_served_by_path_when_the_resource_is_unknown(resource: str | None) -> None:
    assert call("POST", "/files", json.dumps(FILE), resource=resource)[0] == 200
    assert call("GET", "/images/files", resource=resource)[0] == 404

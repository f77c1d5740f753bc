"""Cool-downs through the HTTP handler: what one invocation learns, the next ones and other environments know."""

from collections.abc import Iterator

import pytest

from support import s3_server
from support.origin import Origin, origin_in_thread
from support.origin.behaviour import reply, response_with
from support.real_service import post_file, real_service


@pytest.fixture
def origins() -> Iterator[tuple[Origin, Origin]]:
    """An origin that asks for a pause, and one that does not."""
    with origin_in_thread() as busy, origin_in_thread() as other:
        later = response_with(b"", "Retry-After: 60", status="429 Too Many Requests")
        busy.default_responder = reply(later, close=False)
        yield busy, other


def settings(s3: s3_server.S3Server, bucket: str, *origins: Origin, known_images: str = "on") -> dict[str, str]:
    return s3.environment | {
        "IMAGE_BUCKET": bucket,
        "INBOX_BUCKET": "inbox",
        "ALLOWED_NETWORKS": "127.0.0.0/8",
        "ALLOWED_PORTS": f"80,443,{','.join(str(origin.port) for origin in origins)}",
        "KNOWN_IMAGES": known_images,
    }


def ingest(url: str) -> tuple[int, str, int]:
    """Send a File of one image; return the status of the response, and the image's code and attempts."""
    status, receipt = post_file({"urls": [url]})
    [image] = receipt["images"]
    return status, image.get("error", {}).get("code", "stored"), image["attempts"]


def test_next_invocation_and_another_environment_send_no_request(
    origins: tuple[Origin, Origin], s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, other = origins
    environment = settings(s3, bucket, *origins)
    with real_service(monkeypatch, environment):
        assert ingest(busy.url("1")) == (502, "throttled", 1)
        assert len(s3.objects(bucket, "origins/")) == 1  # before the environment is frozen
        assert ingest(busy.url("2")) == (502, "cooling_down", 0)
    with real_service(monkeypatch, environment):
        assert ingest(other.url("length")) == (200, "stored", 1)  # a cold start does not wait for documents
        assert ingest(busy.url("3")) == (502, "cooling_down", 0)

    assert [request.target for request in busy.requests] == ["/1"]


def test_origins_are_asked_as_ever_when_known_images_are_off(
    origins: tuple[Origin, Origin], s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy, _ = origins
    with real_service(monkeypatch, settings(s3, bucket, *origins, known_images="off")):
        for number in range(3):
            assert ingest(busy.url(str(number))) == (502, "throttled", 1)

    assert s3.objects(bucket, "origins/") == {}

"""What the run waits for, by the error of an image or by the cool-downs of origins: without paths and queries."""

import pytest
from infra.run.origin_waits import OriginWait, find_waits

from intake.download.origin_cool_downs import OriginCoolDowns
from intake.http_client.errors import ConnectError
from intake.model.error_codes import (
    ConnectFailed,
    CoolingDown,
    HttpServerError,
    IntakeError,
    NotFound,
    NotReady,
    Throttled,
)
from intake.model.url import Url
from support.fake_ports import FakeStore

URL = "https://user:secret@A.example:8443/secret?secret"


@pytest.mark.parametrize(
    ("reason", "error"),
    [
        ("answered 429", Throttled(retry_after=20.0)),
        ("answered 503", HttpServerError(status=503, retry_after=20.0)),
        ("answered 500", HttpServerError(status=500, retry_after=20.0)),
        ("answered 202", NotReady(retry_after=20.0)),
        ("asked to wait", CoolingDown(retry_after=20.0)),
        ("could not be reached", CoolingDown(retry_after=20.0, is_unreachable=True)),
    ],
)
def test_wait_names_the_origin_and_what_it_did(reason: str, error: IntakeError) -> None:
    assert OriginWait.of_error(URL.replace("user:secret@", ""), error) == ("a.example:8443", 20.0, reason)


@pytest.mark.parametrize("error", [NotFound(), ConnectFailed(), Throttled(), CoolingDown(is_unreachable=True)])
def test_image_waits_for_nothing_if_no_time_is_known(error: IntakeError) -> None:
    assert OriginWait.of_error("https://a.example/", error) is None


async def test_images_in_work_wait_for_the_origins_that_cool_down() -> None:
    cool_downs = OriginCoolDowns(FakeStore(), lambda: 1000.0)
    urls = [Url.parse(f"http://{host}/{n}") for host in ("busy.example", "down.example:81", "c.example") for n in "ab"]
    cool_downs.note(cool_downs.find(urls[0]), Throttled(retry_after=20.0))
    for _ in range(20):
        cool_downs.note(cool_downs.find(urls[2]), ConnectError(""))

    assert list(find_waits(urls, cool_downs)) == [
        ("busy.example", 20.0, "asked to wait"),
        ("down.example:81", 30.0, "could not be reached"),
    ]
    assert list(find_waits(urls[4:], cool_downs)) == []
    await cool_downs.aclose()

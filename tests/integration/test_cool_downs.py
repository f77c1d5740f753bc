"""Two environments keep away from an origin that asked for a pause: real sockets, and a real S3 server between them."""

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from intake.download.cool_down_document import encode_cool_down, parse_cool_down
from support import s3_server
from support.fault_proxy import FaultProxy, open_fault_proxy
from support.origin import IMAGE, Origin
from support.origin.behaviour import Reader, Request, Responder, Writer, head, reply, response_with, send
from support.origin.client import Client, MakeClient
from support.origin.fake_dns import FakeDns
from support.real_s3_store import open_store

READS, WRITES = "GET .*/origins/", "PUT .*/origins/"
DENIED = response_with(b"<Error><Code>AccessDenied</Code></Error>", status="403 Forbidden")
FAILED = response_with(b"<Error><Code>SlowDown</Code></Error>", status="503 Slow Down")


class Lab:
    """Environments that share a bucket.

    Attributes:
        proxy: records the requests to S3, and answers some of them with faults.
    """

    def __init__(
        self, s3: s3_server.S3Server, proxy: FaultProxy, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.proxy = proxy
        self._s3 = s3
        self._bucket = s3.new_bucket()
        self._make_client = make_client
        self._monkeypatch = monkeypatch
        self.stack = AsyncExitStack()

    async def start(self, *origins: Origin, **changed: Any) -> Client:
        """Start an environment that is warm: its connection to S3 is open."""
        opening = open_store(self._s3, self._bucket, self._monkeypatch, endpoint=self.proxy.url)
        store = await self.stack.enter_async_context(opening)
        await store.get_document("receipts/none.json")
        return self._make_client(*origins, documents=store, **changed)

    def put(self, origin: Origin, body: bytes) -> None:
        """Put a document of an origin into the bucket."""
        self._s3.client().put_object(Bucket=self._bucket, Key=key_of(origin), Body=body)

    def documents(self) -> dict[str, float]:
        """Return how long each cool-down in the bucket lasts, by its key."""
        stored = self._s3.objects(self._bucket, "origins/")
        return {key: (parse_cool_down(body) or (0.0,))[0] - time.time() for key, body in stored.items()}


@pytest.fixture
async def lab(
    s3: s3_server.S3Server, dns: FakeDns, make_client: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Lab]:
    dns["127.0.0.1"] = ["127.0.0.1"]  # for boto3
    with open_fault_proxy(s3.url) as proxy:
        made = Lab(s3, proxy, make_client, monkeypatch)
        async with made.stack:
            yield made


def busy(status: int, retry_after: object, times: int = 1000) -> Responder:
    """Ask for a pause, some times; then send the image."""
    answers = iter([response_with(b"", f"Retry-After: {retry_after}", status=f"{status} Busy")] * times)

    async def respond(_: Reader, writer: Writer, __: Request) -> None:
        await send(writer, next(answers, response_with(IMAGE)))

    return respond


def key_of(origin: Origin) -> str:
    return f"origins/{hashlib.sha256(origin.base.encode()).hexdigest()}.json"


@pytest.mark.parametrize(
    ("status", "code", "retry_after"),
    [
        (429, "throttled", "60"),
        (503, "http_server_error", "60"),
        (429, "throttled", format_datetime(datetime.now(UTC) + timedelta(days=1), usegmt=True)),
        (503, "http_server_error", "9" * 400),
    ],
    ids=["seconds-429", "seconds-503", "date", "digits"],  # the processes of a test run collect at different times
)
async def test_other_environment_sends_no_request_when_the_pause_is_longer_than_the_image_has_time(
    status: int,
    code: str,
    retry_after: str,
    origin: Origin,
    lab: Lab,
) -> None:
    origin.responders["busy"] = busy(status, retry_after)
    first, second = await lab.start(origin), await lab.start(origin)

    asked = await first.get(origin.url("busy/1"))
    await first.downloader.flush(5.0)
    refused = await asyncio.gather(*(second.get(origin.url(f"busy/{number}")) for number in range(2, 30)))
    own = await first.get(origin.url("length"))

    assert (asked.code, asked.stats.attempts) == (code, 1)
    assert {(result.code, result.stats.attempts) for result in [*refused, own]} == {("cooling_down", 0)}
    assert len(origin.requests) == 1
    [(key, seconds)] = lab.documents().items()
    assert key == key_of(origin)
    assert 0 < seconds <= (60 if retry_after == "60" else 900)


async def test_all_images_wait_when_the_pause_fits_into_their_time(origin: Origin, lab: Lab) -> None:
    origin.responders["busy"] = busy(429, 2, times=1)
    first, second = await lab.start(origin), await lab.start(origin)
    times: list[float] = []

    async def get(client: Client, number: int) -> tuple[str, int]:
        result = await client.get(origin.url(f"busy/{number}"))
        times.append(time.time())
        return result.code, result.stats.attempts

    began = time.time()
    asked = asyncio.create_task(get(first, 1))
    await asyncio.sleep(0.5)
    waited = await asyncio.gather(*(get(client, number) for client in (first, second) for number in range(10)))

    assert await asked == ("stored", 2)
    assert set(waited) == {("stored", 1)}
    assert min(times) - began > 2.0


async def test_images_that_fail_together_are_told_to_others_once(origin: Origin, lab: Lab) -> None:
    gathered = asyncio.Barrier(30)

    async def answer(_: Reader, writer: Writer, __: Request) -> None:
        await gathered.wait()
        await send(writer, response_with(b"", "Retry-After: 60", status="429 Busy"))

    origin.responders["busy"] = answer
    environment = await lab.start(origin)

    results = await asyncio.gather(*(environment.get(origin.url(f"busy/{number}")) for number in range(30)))
    await environment.downloader.flush(5.0)

    assert {result.code for result in results} == {"throttled"}
    assert lab.proxy.request_count(READS) == 1
    assert lab.proxy.request_count(WRITES) == 1


async def test_later_pause_stands_when_two_environments_write_at_once(origin: Origin, lab: Lab) -> None:
    pauses, gathered = iter([60, 600, 300]), asyncio.Barrier(3)

    async def answer(_: Reader, writer: Writer, __: Request) -> None:
        pause = next(pauses)
        await gathered.wait()
        await send(writer, response_with(b"", f"Retry-After: {pause}", status="429 Busy"))

    origin.responders["busy"] = answer
    environments = [await lab.start(origin) for _ in range(3)]

    await asyncio.gather(*(environment.get(origin.url("busy")) for environment in environments))
    await asyncio.gather(*(environment.downloader.flush(30.0) for environment in environments))

    assert lab.documents()[key_of(origin)] == pytest.approx(600, abs=5)


async def test_pause_of_a_redirect_target_counts_for_the_target_alone(
    origin: Origin, other_origin: Origin, lab: Lab
) -> None:
    other_origin.responders["busy"] = busy(429, 60)
    origin.responders["moved"] = reply(head(f"Location: {other_origin.url('busy')}", status="302 Found"), close=False)
    first, second = [await lab.start(origin, other_origin) for _ in range(2)]

    assert (await first.get(origin.url("moved"))).code == "throttled"
    await first.downloader.flush(5.0)
    redirected = await second.get(origin.url("moved"))

    assert (redirected.code, redirected.stats.attempts) == ("cooling_down", 1)
    assert (await second.get(origin.url("length"))).code == "stored"
    assert len(other_origin.requests) == 1
    assert list(lab.documents()) == [key_of(other_origin)]


async def test_origin_that_cannot_be_reached_cools_down_and_gets_requests_again_after_a_response(
    origin: Origin, other_origin: Origin, lab: Lab
) -> None:
    port = other_origin.port
    await other_origin.__aexit__()
    limits = {"max_attempts": 1, "allowed_ports": (origin.port, port)}
    first, second = [await lab.start(**limits) for _ in range(2)]
    url = f"http://127.0.0.1:{port}/length"

    codes = [(await first.get(url)).code for _ in range(19)]
    async with other_origin:
        codes += [(await first.get(url)).code, (await first.get(url.replace("length", "status_404"))).code]
        await first.transport.aclose()
    first.transport.pool._is_closed = False
    codes += [(await first.get(url)).code for _ in range(21)]
    await first.downloader.flush(5.0)

    assert codes == ["connect_failed"] * 19 + ["stored", "not_found"] + ["connect_failed"] * 20 + ["cooling_down"]
    refused = await second.get(url)
    assert (refused.code, refused.stats.attempts) == ("cooling_down", 0)
    assert lab.documents()[key_of(other_origin)] == pytest.approx(30, abs=5)
    await other_origin.__aenter__()


@pytest.mark.parametrize("fault", ["slow", "denied", "failing", "rubbish", "expired"])
async def test_images_are_stored_when_the_document_cannot_be_used(
    fault: str,
    origin: Origin,
    lab: Lab,
) -> None:
    bodies = {"rubbish": b"<html>", "expired": encode_cool_down(time.time() - 1)}
    body = bodies.get(fault, encode_cool_down(time.time() + 600))
    lab.put(origin, body)

    async def hang(_: Reader, __: Writer, ___: Request) -> None:
        await asyncio.sleep(1.0)

    faults = {
        "slow": hang,
        "denied": reply(DENIED),
        "failing": reply(FAILED),
    }
    if fault in faults:
        lab.proxy.inject(READS, faults[fault])
    environment = await lab.start(origin)

    results = await asyncio.gather(*(environment.get(origin.url(f"length/{number}")) for number in range(10)))

    assert {result.code for result in results} == {"stored"}
    assert lab.proxy.request_count("origins/") == 1


async def test_blocked_address_is_neither_read_nor_written(origin: Origin, other_origin: Origin, lab: Lab) -> None:
    environment = await lab.start(origin, max_attempts=1)
    location = f"Location: http://169.254.169.254:{origin.port}/latest"
    origin.responders["moved"] = reply(head(location, status="302 Found"), close=False)
    addresses = ["10.0.0.1", "169.254.169.254", "[::1]", "[fd00:ec2::254]", "[64:ff9b::a9fe:a9fe]", "100.64.0.1"]

    for address in addresses:
        for _ in range(25):
            result = await environment.get(f"http://{address}:{origin.port}/")
            assert (result.code, result.stats.attempts) == ("blocked", 0)
    assert (await environment.get(other_origin.url("length"))).code == "blocked"  # its port
    assert lab.proxy.request_count("origins/") == 0
    assert (await environment.get(origin.url("moved"))).code == "blocked"
    await environment.downloader.flush(1.0)

    assert lab.proxy.request_count(READS) == 1  # of the origin that redirects
    assert lab.proxy.request_count(WRITES) == 0

"""`HostCredentials`: how often the secret is read, and what happens when it cannot be."""

import asyncio
import json
import threading

import pytest

from intake.model.error_codes import CredentialsUnavailable
from intake.sources import host_credentials
from intake.sources.host_credentials import SECONDS_BETWEEN_READS, HostCredentials, SecretUnreadable
from intake.sources.host_headers import HostHeaders

HOSTS = ("a.example", "b.example")


def secret_of(token: str, other: str = "two") -> str:
    return json.dumps({host: {"bearer": text} for host, text in zip(HOSTS, (token, other), strict=True)})


def bearer(token: str) -> HostHeaders:
    return HostHeaders({"Authorization": f"Bearer {token}"})


class FakeReader:
    """A reader of the secret that stands in for Secrets Manager.

    Attributes:
        value: what it returns, or raises.
        reads: for each read whether it was forced.
        may_end: each read waits for it.
        threads: the thread of each read.
    """

    def __init__(self, value: str | Exception) -> None:
        self.value = value
        self.reads: list[bool] = []
        self.may_end = threading.Event()
        self.may_end.set()
        self.threads: list[threading.Thread] = []

    def read(self, *, is_forced: bool) -> str:
        self.reads.append(is_forced)
        value = self.value
        self.threads.append(threading.current_thread())
        self.may_end.wait(5)
        if isinstance(value, Exception):
            raise value
        return value


class Setup:
    """Credentials over a fake reader, with a clock that the test moves."""

    def __init__(self, value: str | Exception) -> None:
        self.reader = FakeReader(value)
        self.seconds = 1000.0
        self.credentials = HostCredentials(HOSTS, lambda: self.reader, lambda: self.seconds)

    async def fault_of(self, host: str) -> str:
        with pytest.raises(CredentialsUnavailable) as caught:
            await self.credentials.find(host)
        return caught.value.reason or ""


async def test_images_at_once_share_one_read() -> None:
    setup = Setup(secret_of("one", "two"))
    found = await asyncio.gather(*(setup.credentials.find(host) for host in HOSTS * 50))
    assert found == [bearer("one"), bearer("two")] * 50
    assert setup.reader.reads == [False]


async def test_secret_is_read_in_a_thread_while_the_loop_runs() -> None:
    setup = Setup(secret_of("one"))
    setup.reader.may_end.clear()
    waiting = asyncio.create_task(setup.credentials.find("a.example"))
    await asyncio.sleep(0)
    setup.reader.may_end.set()
    assert await waiting == bearer("one")
    assert threading.main_thread() not in setup.reader.threads


@pytest.mark.parametrize(("reads", "seconds"), [(1, SECONDS_BETWEEN_READS - 1), (2, SECONDS_BETWEEN_READS), (2, -9.0)])
async def test_reader_is_asked_again_after_some_seconds(reads: int, seconds: float) -> None:
    """A clock that was set back does not keep a value for longer."""
    setup = Setup(secret_of("one"))
    await setup.credentials.find("a.example")
    setup.seconds += seconds
    await setup.credentials.find("a.example")
    assert setup.reader.reads == [False] * reads


async def test_failure_is_shared_and_then_the_secret_is_read_anew() -> None:
    setup = Setup(SecretUnreadable("An error occurred"))
    for _ in range(100):
        assert await setup.fault_of("a.example") == "the secret cannot be read: An error occurred"
    assert setup.reader.reads == [False]
    setup.reader.value = secret_of("one")
    setup.seconds += SECONDS_BETWEEN_READS
    assert await setup.credentials.find("a.example") == bearer("one")
    assert setup.reader.reads == [False, True]


async def test_host_without_a_valid_entry_has_none_and_the_others_have_theirs() -> None:
    setup = Setup(secret_of("one", "two three"))
    assert await setup.credentials.find("a.example") == bearer("one")
    assert "the entry for b.example in the secret: bearer" in await setup.fault_of("b.example")
    setup.reader.value = secret_of("one", "two")
    setup.seconds += SECONDS_BETWEEN_READS
    assert await setup.credentials.find("b.example") == bearer("two")


async def test_failed_read_because_of_one_entry_leaves_the_headers_of_other_hosts_in_use() -> None:
    """The reader has the last value still, for some minutes."""
    setup = Setup(secret_of("one", "two three"))
    read = setup.reader.read
    await setup.credentials.find("a.example")
    setup.seconds += SECONDS_BETWEEN_READS

    def fail_when_forced(*, is_forced: bool) -> str:
        value = read(is_forced=is_forced)
        if is_forced:
            raise SecretUnreadable("throttled")
        return value

    setup.reader.read = fail_when_forced  # type: ignore[method-assign]
    assert await setup.credentials.find("a.example") == bearer("one")
    assert "the entry for b.example" in await setup.fault_of("b.example")
    assert setup.reader.reads == [False, True, False]


async def test_read_that_takes_too_long_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(host_credentials, "_TIME_LIMIT", 0.01)
    setup = Setup(secret_of("one"))
    setup.reader.may_end.clear()
    assert await setup.fault_of("a.example") == "the secret cannot be read: it took longer than 0.01 seconds"
    setup.reader.may_end.set()


async def test_reader_that_cannot_be_made_is_made_again() -> None:
    faults = [SecretUnreadable("no region")]
    reader, seconds = FakeReader(secret_of("one")), [0.0]

    def make() -> FakeReader:
        if faults:
            raise faults.pop()
        return reader

    credentials = HostCredentials(HOSTS, make, lambda: seconds[0])
    with pytest.raises(CredentialsUnavailable) as caught:
        await credentials.find("a.example")
    assert caught.value.reason == "the secret cannot be read: no region"
    seconds[0] += SECONDS_BETWEEN_READS
    assert await credentials.find("a.example") == bearer("one")


async def test_refused_headers_are_read_anew_once_for_all_images() -> None:
    setup = Setup(secret_of("one"))
    old = await setup.credentials.find("a.example")
    setup.reader.value = secret_of("new")
    found = await asyncio.gather(*(setup.credentials.find_newer("a.example", old) for _ in range(100)))
    assert found == [bearer("new")] * 100
    assert setup.reader.reads == [False, True]


async def test_headers_that_stay_refused_are_read_anew_after_some_seconds_only() -> None:
    setup = Setup(secret_of("one", "two"))
    old = [await setup.credentials.find(host) for host in HOSTS]
    for _ in range(3):
        assert [await setup.credentials.find_newer(*each) for each in zip(HOSTS, old, strict=True)] == [None, None]
    assert setup.reader.reads == [False, True, True]  # once for each host
    setup.seconds += SECONDS_BETWEEN_READS
    assert await setup.credentials.find_newer("a.example", old[0]) is None
    assert setup.reader.reads == [False, True, True, True]


async def test_headers_that_another_image_has_renewed_are_not_read_again() -> None:
    setup = Setup(secret_of("one"))
    old = await setup.credentials.find("a.example")
    setup.seconds += SECONDS_BETWEEN_READS
    setup.reader.value = secret_of("new")
    await setup.credentials.find("a.example")
    assert await setup.credentials.find_newer("a.example", old) == bearer("new")
    assert setup.reader.reads == [False, False]


async def test_failed_second_read_leaves_their_headers_to_other_hosts() -> None:
    setup = Setup(secret_of("one", "two"))
    old = await setup.credentials.find("a.example")
    setup.reader.value = SecretUnreadable("throttled")
    assert await setup.credentials.find_newer("a.example", old) is None
    assert await setup.credentials.find("b.example") == bearer("two")


async def test_new_secret_without_a_valid_entry_gives_no_newer_headers() -> None:
    setup = Setup(secret_of("one", "two"))
    old = await setup.credentials.find("a.example")
    setup.reader.value = "{}"
    assert await setup.credentials.find_newer("a.example", old) is None
    assert await setup.fault_of("a.example") == "the secret has no entry for a.example"


async def test_cancelled_image_does_not_keep_the_others_from_the_secret() -> None:
    setup = Setup(secret_of("one"))
    setup.reader.may_end.clear()
    first, second = (asyncio.create_task(setup.credentials.find("a.example")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    setup.reader.may_end.set()
    assert await second == bearer("one")
    assert first.cancelled()

"""What runs of a File know of its images, over fakes: who is asked, and what is stored."""

from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest

from intake.model.error_codes import ConnectFailed, StoreFailed
from intake.model.limits import Limits
from intake.model.receipt import FailedEntry
from intake.model.refresh import Refresh
from support.fake_environment import AT, KNOWN, ONE, THREE, TWO, Environment, Origin, make_origin, requests_of, sources
from support.sample_images import picture


async def test_second_run_of_an_environment_sends_conditions_and_writes_the_receipt_alone() -> None:
    environment = Environment(make_origin(one=ONE, two=TWO, three=THREE))
    await environment.run("three", "one", "two")
    environment.store.requests.clear()
    receipt = await environment.run("three", "one", "two")
    assert sources(receipt) == ["unchanged reused"] * 3
    assert [entry.bytes for entry in receipt.images if not isinstance(entry, FailedEntry)] == [
        len(THREE),
        len(ONE),
        len(TWO),
    ]
    assert environment.store.requests == {"PUT receipts/lot-7.json": 1}
    assert environment.origin.plain_requests() == 3


@pytest.mark.parametrize("delay", ["seen", "other environment"])
async def test_image_is_fetched_when_its_object_is_gone(delay: str) -> None:
    environment = Environment(make_origin(one=ONE))
    first = await environment.run("one")
    key = str(first.object_keys[0])
    del environment.store.objects[key]
    later = environment.another()
    if delay == "seen":
        environment.service._known_images.memory.mark_missing(key)  # as after five minutes
        later = environment
    assert sources(await later.run("one")) == ["fetched"]
    assert environment.store.objects[key] == ONE
    assert environment.origin.plain_requests() == 2


async def test_changed_image_is_stored_and_then_known() -> None:
    environment = Environment(make_origin(one=ONE, two=TWO, three=THREE))
    await environment.run("three", "one", "two")
    environment.origin.results = {**environment.origin.results, AT + "one": picture(9, 9, 9)}
    environment.origin.headers[AT + "one"] = {"etag": '"changed"'}
    changed = await environment.run("three", "one", "two")
    assert sources(changed) == ["unchanged reused", "fetched", "unchanged reused"]
    assert environment.store.writes[KNOWN] == 2
    again = await environment.another().run("three", "one", "two")
    assert again.object_keys == changed.object_keys
    assert sources(again) == ["unchanged reused"] * 3


async def test_changed_etag_of_the_same_bytes_is_reused_without_a_put() -> None:
    environment = Environment(make_origin(one=ONE))
    await environment.run("one")
    environment.origin.headers[AT + "one"] = {"etag": '"other"'}
    environment.store.requests.clear()
    assert sources(await environment.run("one")) == ["fetched reused"]
    assert requests_of(environment.store, "PUT images/") == 0


@pytest.mark.parametrize(("refresh", "members"), [(Refresh.ALWAYS, {}), (Refresh.REVALIDATE, {"refresh": True})])
async def test_image_that_changed_without_a_new_etag_is_found_by_a_refresh(
    refresh: Refresh, members: Mapping[str, Any]
) -> None:
    environment = Environment(make_origin(one=ONE, two=TWO, three=THREE))
    first = await environment.run("three", "one", "two")
    environment.origin.results = {**environment.origin.results, AT + "one": picture(9, 9, 9)}
    assert (await environment.run("three", "one", "two")).object_keys == first.object_keys  # the origin's lie
    refreshing = environment.another(refresh=refresh)
    refreshed = await refreshing.run("three", "one", "two", **members)
    assert sources(refreshed) == ["fetched reused", "fetched", "fetched reused"]
    if refresh is Refresh.REVALIDATE:
        assert (await environment.another().run("three", "one", "two")).object_keys == refreshed.object_keys
    else:
        assert environment.store.writes[KNOWN] == 1  # `always` has no documents


async def test_refresh_sends_every_put() -> None:
    environment = Environment(make_origin(one=ONE))
    key = str((await environment.run("one")).object_keys[0])
    del environment.store.objects[key]
    assert sources(await environment.run("one", refresh=True)) == ["fetched"]
    assert environment.store.objects[key] == ONE


@pytest.mark.parametrize(
    "headers",
    [{}, {"etag": 'W/"one"'}, {"etag": '"a", "b"'}, {"last-modified": "Sun, 01 Nov 2026 12:00:00 GMT"}],
)
async def test_image_without_a_strong_validator_is_fetched_again(headers: dict[str, str]) -> None:
    environment = Environment(make_origin(one=ONE))
    environment.origin.headers[AT + "one"] = headers
    await environment.run("one")
    assert sources(await environment.run("one")) == ["fetched reused"]
    assert environment.origin.conditions == [None, None]
    assert requests_of(environment.store, "PUT known/") == 0


async def test_memory_is_not_used_when_other_bytes_are_expected() -> None:
    environment = Environment(make_origin(one=ONE))
    await environment.run("one")
    request = {"url": AT + "one", "sha256": "0" * 64}
    receipt = await environment.run("one", urls=[request])
    assert sources(receipt) == ["checksum_mismatch"]
    assert environment.origin.conditions == [None, None]


async def test_memory_is_not_used_when_the_limits_no_longer_allow_the_image() -> None:
    environment = Environment(make_origin(one=ONE, two=TWO, three=THREE))
    await environment.run("three", "one", "two")
    stricter = environment.another(limits=Limits(max_image_pixels=4 * 3))
    assert sources(await stricter.run("three", "one", "two")) == [
        "too_many_pixels",
        "unchanged reused",
        "too_many_pixels",
    ]


async def test_memory_is_not_used_when_the_image_is_smaller_than_the_limits_require() -> None:
    environment = Environment(make_origin(one=ONE, two=TWO))
    stored = (await environment.run("two", "one")).images[1]
    assert not isinstance(stored, FailedEntry)
    stricter = environment.another(limits=Limits(min_image_pixels=5 * 4))
    assert sources(await stricter.run("two", "one")) == ["unchanged reused", "too_few_pixels"]
    request = {"url": AT + "one", "sha256": stored.sha256}
    assert sources(await stricter.run("one", urls=[request])) == ["too_few_pixels"]


async def test_expected_digest_that_is_stored_is_known_without_the_origin() -> None:
    environment = Environment(make_origin(one=ONE))
    stored = (await environment.run("one")).images[0]
    assert not isinstance(stored, FailedEntry)
    for name in ("one", "elsewhere.png", "elsewhere?type=.jpeg"):
        receipt = await environment.another().run("one", urls=[{"url": AT + name, "sha256": stored.sha256}])
        entry = receipt.images[0]
        assert sources(receipt) == ["known reused"]
        assert not isinstance(entry, FailedEntry)
        facts = {"key", "bytes", "width", "height", "frames", "content_type", "sha256"}
        assert entry.model_dump(include=facts) == stored.model_dump(include=facts)
        assert entry.attempts == 0
    assert environment.origin.requests.total() == 1


async def test_expected_digest_is_looked_for_under_its_likely_key_alone_after_eight_that_are_missing() -> None:
    environment = Environment(make_origin(**{f"{number}": picture(4, 3, number) for number in range(20)}))
    heads = []
    for number in range(10):
        environment.store.requests.clear()
        request = {"url": f"{AT}{number}", "sha256": sha256(picture(4, 3, number)).hexdigest()}
        await environment.run("one", urls=[request])
        heads.append(requests_of(environment.store, "HEAD images/"))
    assert heads == [7] * 8 + [1] * 2


async def test_digests_of_one_file_that_are_missing_are_bounded_as_well() -> None:
    environment = Environment(make_origin(**{f"{number}": picture(4, 3, number) for number in range(40)}))
    urls = [{"url": f"{AT}{number}", "sha256": sha256(picture(4, 3, number)).hexdigest()} for number in range(40)]
    assert sources(await environment.run("one", urls=urls)) == ["fetched"] * 40
    assert requests_of(environment.store, "HEAD images/") == 40 + 8 * 6


async def test_expected_digest_is_fetched_when_the_object_has_no_facts() -> None:
    environment = Environment(make_origin(one=ONE))
    stored = (await environment.run("one")).images[0]
    assert not isinstance(stored, FailedEntry)
    environment.store.images.clear()
    request = {"url": AT + "one", "sha256": stored.sha256}
    other = environment.another(uses_known_documents=False)
    assert sources(await other.run("one", urls=[request])) == ["fetched reused"]
    environment.store.failures["images/"] = StoreFailed()
    other = environment.another(uses_known_documents=False)
    assert sources(await other.run("one", urls=[request])) == ["store_failed"]


async def test_fresh_image_is_not_requested_until_it_is_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    environment = Environment(make_origin(one=ONE, two=TWO, three=THREE), refresh=Refresh.FRESH)
    for headers in environment.origin.headers.values():
        headers["cache-control"] = "max-age=60"
    await environment.run("three", "one", "two")
    assert sources(await environment.run("three", "one", "two")) == ["fresh reused"] * 3
    assert sources(await environment.another().run("three", "one", "two")) == ["fresh reused"] * 3
    assert environment.origin.requests.total() == 3
    revalidating = environment.another(refresh=Refresh.REVALIDATE)
    assert sources(await revalidating.run("three", "one", "two")) == ["unchanged reused"] * 3
    monkeypatch.setattr("intake.ingest.image_service.time", lambda: datetime(2100, 1, 1, tzinfo=UTC).timestamp())
    assert sources(await environment.run("three", "one", "two")) == ["unchanged reused"] * 3


@pytest.mark.parametrize("headers", [{}, {"etag": '"one"'}])
async def test_image_is_fresh_again_after_a_refresh(headers: dict[str, str]) -> None:
    environment = Environment(make_origin(one=ONE), refresh=Refresh.FRESH)
    environment.origin.headers[AT + "one"] = headers | {"cache-control": "max-age=60"}
    assert sources(await environment.run("one", refresh=True)) == ["fetched"]
    assert sources(await environment.run("one")) == ["fresh reused"]
    assert sources(await environment.another().run("one")) == ["fresh reused"]


@pytest.mark.parametrize("case", ["redirected", "signed", "private"])
async def test_image_is_never_fresh_when_it_was_redirected_or_needs_credentials(case: str) -> None:
    signature = "?Expires=1798761600&Key-Pair-Id=K2JCJMDEHXQW5F&Signature=" + "a" * 340
    name = f"one{signature}" if case == "signed" else "one"
    environment = Environment(Origin({AT + name: ONE}), refresh=Refresh.FRESH)
    environment.origin.headers[AT + name] = {"etag": '"1"', "cache-control": "max-age=60"}
    if case == "redirected":
        environment.origin.final_urls[AT + name] = AT + "elsewhere"
    if case == "private":
        environment.origin.private_hosts.add("a.example")
    await environment.run(name)
    assert sources(await environment.run(name)) == ["unchanged reused"]


async def test_image_is_not_fresh_any_more_when_its_host_becomes_a_private_source() -> None:
    environment = Environment(make_origin(one=ONE), refresh=Refresh.FRESH)
    environment.origin.headers[AT + "one"]["cache-control"] = "max-age=60"
    await environment.run("one")
    assert sources(await environment.run("one")) == ["fresh reused"]
    environment.origin.private_hosts.add("a.example")
    assert sources(await environment.run("one")) == ["unchanged reused"]


async def test_failed_image_stays_known() -> None:
    environment = Environment(make_origin(one=ONE, two=TWO, three=THREE))
    await environment.run("three", "one", "two")
    environment.origin.results = {**environment.origin.results, AT + "two": ConnectFailed()}
    environment.origin.headers[AT + "one"] = {"etag": '"changed"'}
    other = environment.another()
    assert sources(await other.run("three", "one", "two")) == ["unchanged reused", "fetched reused", "connect_failed"]
    environment.origin.results = {**environment.origin.results, AT + "two": TWO}
    assert sources(await environment.another().run("three", "one", "two")) == ["unchanged reused"] * 3


async def test_known_image_is_blocked_when_its_url_is_no_longer_allowed() -> None:
    environment = Environment(make_origin(one=ONE), refresh=Refresh.FRESH)
    environment.origin.headers[AT + "one"]["cache-control"] = "max-age=60"
    await environment.run("one")
    assert sources(await environment.run("one")) == ["fresh reused"]
    environment.origin.blocked_hosts.add("a.example")
    request = {"url": AT + "one", "sha256": sha256(ONE).hexdigest()}
    assert sources(await environment.run("one")) == ["blocked"]
    assert sources(await environment.run("one", urls=[request])) == ["blocked"]

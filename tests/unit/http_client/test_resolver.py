"""The cache of the system's resolver: it keeps the youngest names, and a limited number of them."""

import socket

import pytest

from intake.http_client.resolver import SystemResolver


async def test_resolver_evicts_no_other_name_when_it_looks_up_an_expired_one(monkeypatch: pytest.MonkeyPatch) -> None:
    lookups: list[str] = []

    def getaddrinfo(host: bytes, *_: object) -> list[object]:
        lookups.append(host.decode())
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr("intake.http_client.resolver._MAX_CACHED_NAMES", 2)
    resolver = SystemResolver()
    await resolver.resolve("a.example", 80)
    await resolver.resolve("b.example", 80)
    resolver._cache["b.example"].expires_at = 0.0
    for host in ("b.example", "a.example", "c.example", "b.example"):
        await resolver.resolve(host, 80)

    assert lookups == ["a.example", "b.example", "b.example", "c.example"]


@pytest.mark.parametrize(
    ("host", "family", "address"),
    [("127.0.0.1", socket.AF_INET, ("127.0.0.1", 8)), ("::1", socket.AF_INET6, ("::1", 8, 0, 0))],
)
async def test_resolver_looks_up_no_literal_address(
    host: str, family: int, address: tuple[object, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", None)

    assert await SystemResolver().resolve(host, 8) == [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)]

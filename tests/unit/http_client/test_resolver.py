"""What is remembered of names: the youngest, and no more than there is room for."""

import socket

import pytest

from intake.http_client.resolver import SystemResolver


async def test_a_name_that_is_asked_again_makes_no_other_go(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def look_up(host: bytes, *_: object) -> list[object]:
        asked.append(host.decode())
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr("intake.http_client.resolver._MAX_NAMES", 2)
    names = SystemResolver()
    await names.resolve("a.example", 80)
    await names.resolve("b.example", 80)
    names._names["b.example"].until = 0.0  # it is old
    for host in ("b.example", "a.example", "c.example", "b.example"):
        await names.resolve(host, 80)

    assert asked == ["a.example", "b.example", "b.example", "c.example"]

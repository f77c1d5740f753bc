"""What `make demo` prints of a receipt."""

import json
from typing import Any

import pytest
from infra.demo.blocked_reasons import find_reasons
from infra.demo.dns_failures import describe_unresolved, find_unresolved, without_dns_failures
from infra.demo.receipt_table import format_table, host_of

STORED: dict[str, Any] = {
    "role": "file",
    "index": 0,
    "url": "https://images.example/lot/a.jpg?signature=1",
    "status": "stored",
    "key": "images/3f/3f9a1c60d0a5b2e47f8893c1de02746bb5a9e8d1f64c0372e1b85d9ac7f03e12.jpg",
    "contentType": "image/jpeg",
    "bytes": 153582,
    "width": 800,
    "height": 600,
    "elapsedMs": 187,
}


def failed(url: str, code: str, message: str = "It failed.", index: int = 0) -> dict[str, Any]:
    error = {"code": code, "message": message}
    return {"role": "base", "index": index, "url": url, "status": "failed", "elapsedMs": 2, "error": error}


def test_table_shows_hosts_and_reasons() -> None:
    blocked = failed("http://10.0.0.1:81/latest", "blocked", "No.")

    lines = format_table([STORED, blocked], {("base", 0): "link_local"}, show_hosts=True)

    assert lines == [
        "  role    host            what    status  type     pixels    bytes   ms  key or reason",
        "  file    images.example  a.jpg   stored  jpeg  800 x 600  153,582  187  images/3f/3f9a1c60d0a5...3e12.jpg",
        "  base 0  10.0.0.1:81     latest  failed  -             -        -    2  blocked: link_local",
    ]


def test_table_has_no_host_column_when_every_host_is_the_same() -> None:
    head, row = format_table([STORED], {}, show_hosts=False)

    assert "host" not in head
    assert "images.example" not in row


@pytest.mark.parametrize(
    ("expected", "members"),
    [
        ("stored", {}),
        ("stored", {"reused": False, "source": "fetched"}),
        ("reused", {"reused": True, "source": "fetched"}),
        ("unchanged", {"reused": True, "source": "unchanged"}),
        ("fresh", {"reused": True, "source": "fresh"}),
        ("known", {"reused": True, "source": "known"}),
    ],
)
def test_table_shows_the_source_of_an_image_that_was_not_downloaded(expected: str, members: dict[str, Any]) -> None:
    _, row = format_table([{**STORED, **members}], {}, show_hosts=False)

    assert row.split()[2] == expected


@pytest.mark.parametrize(
    ("expected", "url"),
    [
        ("a.example:8080", "http://user:secret@a.example:8080/x"),
        ("[::1]", "http://[::1]/"),
        ("-", "nonsense"),
        ("-", "http://[broken/"),
    ],
)
def test_host_has_no_credentials(expected: str, url: str) -> None:
    assert host_of(url) == expected


def test_reasons_are_those_of_blocked_images_of_the_file() -> None:
    failure = {"message": "image failed", "file_id": "f", "role": "base"}
    log = [
        "START RequestId: 1",
        json.dumps(failure | {"index": 2, "code": "blocked", "reason": "private"}),
        json.dumps(failure | {"index": 3, "code": "timeout", "reason": "slow"}),
        json.dumps(failure | {"index": 4, "code": "blocked", "reason": "other", "file_id": "another File"}),
        '{"message": "file done", "file_id": "f"}',
        "[1]",
    ]

    assert find_reasons(log, "f") == {("base", 2): "private"}


def test_machine_without_dns_is_told_once() -> None:
    first, second = failed("https://b.example/1", "dns_failure"), failed("https://a.example/2", "dns_failure")
    literal = failed("http://10.0.0.1/", "blocked")
    hosts = find_unresolved([first, second, literal, first])

    assert hosts == ["a.example", "b.example"]
    assert without_dns_failures([first, literal]) == [literal]
    assert describe_unresolved(hosts).startswith("None of the File's hosts could be resolved: a.example, b.example.\n")


@pytest.mark.parametrize(
    "images",
    [
        [failed("https://a.example/", "dns_failure"), STORED],
        [failed("https://a.example/", "dns_failure"), failed("https://b.example/", "timeout")],
        [failed("http://10.0.0.1/", "blocked")],
        [failed("http://[broken/", "invalid_url")],
    ],
    ids=["one is stored", "one was resolved", "no name", "no URL"],
)
def test_machine_with_dns_is_not_said_to_have_none(images: list[dict[str, Any]]) -> None:
    assert find_unresolved(images) == []

"""`make demo` on a machine without DNS says so once."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from infra.command.errors import CommandError
from infra.demo import __main__ as demo
from infra.local.api_client import ApiResponse

BLOCKED = ("http://10.0.0.1/", "blocked")
UNRESOLVED = ("https://a.example/1.png", "dns_failure")
MESSAGE = "None of the File's hosts could be resolved: a.example.\n"


class StackWithReceipt:
    """A stack whose API returns a receipt in which every image has failed."""

    def __init__(self, failures: Sequence[tuple[str, str]]) -> None:
        images = [
            {
                "role": "image",
                "index": index,
                "url": url,
                "status": "failed",
                "elapsedMs": 1,
                "error": {"code": code, "message": "It failed."},
            }
            for index, (url, code) in enumerate(failures)
        ]
        counts = {"stored": 0, "reused": 0, "failed": len(images)}
        self._receipt = {"id": "f", "status": "failed", "counts": counts, "elapsedMs": 1, "images": images}

    def call(self, _method: str, _path: str, _body: bytes) -> ApiResponse:
        return ApiResponse(502, "application/json", json.dumps(self._receipt).encode())

    def read_log(self) -> list[str]:
        return []


def send(*failures: tuple[str, str]) -> None:
    stack: Any = StackWithReceipt(failures)
    demo._print_run(stack, demo._send(stack, b"{}"), show_hosts=True)


def test_demo_fails_when_every_image_has_a_dns_failure(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match=MESSAGE):
        send(UNRESOLVED, UNRESOLVED)

    assert capsys.readouterr().out == "", "no table"


def test_demo_prints_the_other_images_when_no_host_was_resolved(capsys: pytest.CaptureFixture[str]) -> None:
    send(UNRESOLVED, BLOCKED)

    printed = capsys.readouterr().out
    assert printed.count(MESSAGE) == 1
    assert "dns_failure" not in printed
    assert "blocked: It failed." in printed

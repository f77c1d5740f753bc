"""A process that has handled many Files holds no more resources than before: a short run of bench/leak_check.py.

The origins of that run end nearly every connection themselves. The origin of the other test keeps its connections open.
"""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from support.origin import IMAGE, MAX_BYTES, Origin
from support.origin.behaviour import head, reply
from support.origin.client import MakeClient

PROGRAM = Path(__file__).parents[1] / "bench" / "leak_check.py"
UNREAD = {
    "too_large": head(f"Content-Length: {MAX_BYTES + 1}") + IMAGE,
    "not_found": head("Content-Length: 5000", status="404 Not Found") + b"<html>",
    "timeout": head("Content-Length: 5000") + IMAGE[:100],
    "stored": head("Content-Length: 5000", "Location: /length", status="302 Found") + b"<html>",
    "unsupported_type": head("Content-Length: 5000") + b"<html>" * 10,
    "unsupported_encoding": head("Content-Length: 5000", "Content-Encoding: gzip"),
    "not_ready": head("Content-Length: 5000", status="202 Accepted"),
    "bad_response": head("Content-Length: 5000", "Content-Length: 6000") + IMAGE,
    "access_denied": head("Content-Length: 5000", "Content-Length: 6000", status="403 Forbidden") + b"<html>",
}
"""Responses that the service does not read to their end, by the code of the image."""


def test_handler_leaks_no_socket_task_or_thread_over_sixty_files_with_failing_images() -> None:
    done = subprocess.run(
        [sys.executable, PROGRAM, "--files", "60", "--counts"], capture_output=True, text=True, timeout=120, check=False
    )
    if done.returncode:
        pytest.fail(done.stdout + done.stderr[-2000:])
    assert "| asyncio tasks left | 0 | 0 |" in done.stdout


@pytest.mark.parametrize("code", UNREAD)
async def test_connection_is_closed_when_the_origin_keeps_it_open_behind_an_unread_response(
    code: str, origin: Origin, make_client: MakeClient
) -> None:
    origin.responders["held"] = reply(UNREAD[code], close=False)
    client = make_client(origin, image_timeout=0.3, max_attempts=1)
    sockets = client.record_sockets()

    result = await client.get(origin.url("held"))
    await asyncio.sleep(0)  # asyncio closes a socket in the next turn of the loop

    assert result.code == code
    assert sockets[0].fileno() == -1

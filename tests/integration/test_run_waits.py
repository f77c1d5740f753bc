"""What `make run` waits for, and what it says of it."""

import re
import socket
import time

import pytest

from support.origin.behaviour import Reader, Request, Writer, response_with, send
from support.run_lab import RunLab, lines, runs, summary


def test_run_does_not_wait_for_an_origin_that_has_never_answered(lab: RunLab) -> None:
    """The second run neither obeys the cool-down of the first one, nor waits for a server that has started since."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # refuses connections as long as it does not listen
        port = reserved.getsockname()[1]
        dead = "".join(f"http://127.0.0.1:{port}/n/{number}\n" for number in range(60))
        path = lab.write("a.txt", lab.url(1) + "\n" + dead)
        ports = f"{lab.origin.port},{port}"
        for _ in range(2):
            began = time.monotonic()
            status, output = lab.run(path, ALLOWED_PORTS=ports)
            assert status == 1
            assert time.monotonic() - began < 25.0
            assert "Waiting" not in output
            run = runs(lab.out)[-1]
            assert len(lines(run / "retryable.jsonl")) == 60
            assert "connect_failed" in summary(run)["counts"]["codes"]


@pytest.mark.parametrize(("seconds", "settings"), [(2, {}), (3, {"IMAGE_TIMEOUT": "1"})], ids=["image", "group"])
def test_run_says_once_what_it_waits_for(lab: RunLab, seconds: int, settings: dict[str, str]) -> None:
    """Images wait as long as they have time; then their group waits."""
    busy = iter([True])

    async def respond(reader: Reader, writer: Writer, request: Request) -> None:
        if next(busy, False):
            await send(writer, response_with(b"", f"Retry-After: {seconds}", status="503 Busy"))
        else:
            await lab.origin.responders["n"](reader, writer, request)

    lab.origin.responders["busy"] = respond
    path = lab.write("a.txt", "".join(f"{lab.origin.url(f'busy/{number}')}?secret\n" for number in range(40)))

    status, output = lab.run(path, **settings)

    assert status == 0, output
    [line] = re.findall("Waiting .*", output)
    assert re.fullmatch(
        rf"Waiting [1-3] s for 127\.0\.0\.1:{lab.origin.port}, which (answered 503|asked to wait)", line
    )

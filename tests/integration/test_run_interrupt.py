"""Ctrl-C during `make run`: what is requested ends, what is stored is recorded, and the next command goes on."""

import signal
import time

from support.origin.behaviour import Reader, Request, Writer, response_with, send
from support.run_lab import RunLab, check_folder, images, numbered_image, rows, runs, summary, wait_until

ROWS = 60


def serve_slowly(lab: RunLab, seconds: float) -> None:
    async def answer(_: Reader, writer: Writer, request: Request) -> None:
        time.sleep(seconds)  # noqa: ASYNC251 - one image after the other
        await send(writer, response_with(numbered_image(request.target)))

    lab.origin.responders["slow"] = answer


def test_run_requests_nothing_after_ctrl_c_and_nothing_again_later(lab: RunLab) -> None:
    serve_slowly(lab, 0.05)
    path = lab.write("urls.txt", "".join(f"{lab.origin.url(f'slow/{number}')}\n" for number in range(ROWS)))
    command = lab.start(path, MAX_PER_ORIGIN="2")
    assert wait_until(lambda: len(lab.origin.requests) >= ROWS // 2)

    command.kill_group(signal.SIGINT)
    status = command.wait()

    assert status == 128 + signal.SIGINT, command.output
    [run] = runs(lab.out)
    stored = len(images(lab.out))
    # Two images are requested when Ctrl-C comes, and it takes up to 0.2 s until the command sees it.
    assert ROWS // 2 - 2 <= stored == len(lab.origin.requests) < ROWS
    assert summary(run)["counts"]["files"] == stored == len(rows(run))
    assert f"Stopped after {stored} of {ROWS} rows: Ctrl-C." in command.output

    time.sleep(1.1)  # receipts of the first second may be those of another run
    status, output = lab.run(path)

    assert status == 0, output
    assert summary(run)["counts"]["images"]["stored"] >= ROWS - stored
    assert sorted(row["row"] for row in rows(run)) == list(range(1, ROWS + 1))
    assert len(images(lab.out)) == ROWS
    check_folder(lab.out)

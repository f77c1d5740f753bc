"""`make run` that is killed, at any moment and in every way: nothing is lost, nothing half, and the command goes on."""

import json
import os
import random
import re
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest
from infra.run.processes import STOP_SECONDS

from support.origin.behaviour import Reader, Request, Writer, wait_forever
from support.run_lab import Command, RunLab, check_folder, images, lines, rows, runs, summary, wait_until

ROWS = 300
KILLS = 50


async def hang(_: Reader, __: Writer, ___: Request) -> None:
    await wait_forever()


def test_run_comes_to_its_end_when_it_is_killed_fifty_times(lab: RunLab) -> None:
    """Half of the kills spare the workers, which must end themselves. A run that ended is followed by another one."""
    generator = random.Random(7)
    gone = lab.origin.url("status_404")
    path = lab.write("urls.txt", "".join(f"{gone if n % 50 == 7 else lab.url(n)}\n" for n in range(ROWS)))
    started = []
    for kill in range(KILLS):
        moment = len(lab.origin.requests) + generator.randrange(ROWS // 2)
        command = lab.start(path)
        wait_until(lambda: len(lab.origin.requests) >= moment or not command.is_running(), seconds=0.5)  # noqa: B023 - called now
        time.sleep(generator.uniform(0.0, 0.02))
        (command.kill_group if kill % 2 else command.kill)(signal.SIGKILL)
        started.append(command)
        assert command.wait() in {1, -signal.SIGKILL}, command.output

    # The leftovers of killed processes are removed when nobody else uses the folder.
    assert all(command.wait_until_nothing_runs() for command in started)

    status, output = lab.run(path)

    assert status == 1, output
    assert not [log for log in lab.folder.glob("*.log") if "Traceback" in log.read_text()]
    check_folder(lab.out)
    assert not [path for path in lab.out.rglob("*") if path.name.endswith(".part")]
    assert len(images(lab.out)) == ROWS * 49 // 50
    for run in runs(lab.out):
        check_run(lab.out, run)


def check_run(out: Path, run: Path) -> None:
    """Check that a run is complete: each row of the list once, and each stored image in its receipt and its folder."""
    table = rows(run)
    assert [row["row"] for row in table] == list(range(1, ROWS + 1))
    assert summary(run)["complete"]
    assert (run / "index.html").exists()
    assert summary(run)["counts"]["images"].items() >= {"failed": ROWS // 50}.items()
    assert [line["intakeFailure"]["row"] for line in lines(run / "failed.jsonl")] == list(range(8, ROWS + 1, 50))
    receipts = {row["id"]: json.loads((out / "receipts" / f"{row['id']}.json").read_bytes()) for row in table}
    assert all(receipts[row["id"]]["images"][row["index"]].get("key") == row["key"] for row in table)
    assert all((out / row["key"]).exists() for row in table if row["key"])


def test_run_that_is_complete_has_its_page_when_it_is_killed_at_once(lab: RunLab) -> None:
    command = lab.start(lab.write_urls("a.txt", range(20)))
    assert wait_until(lambda: list(lab.out.glob("runs/*/summary.json")))
    command.kill_group(signal.SIGKILL)

    [run] = runs(lab.out)
    assert (run / "index.html").exists()
    command.wait()


def start_with_hanging_images(lab: RunLab, *, done: int = 150, hanging: int = 5) -> tuple[Path, Command]:
    """Start a list whose last images never come, and wait until all others have been requested."""
    lab.origin.responders["hang"] = hang
    urls = [*map(lab.url, range(done)), *(lab.origin.url(f"hang/{number}") for number in range(hanging))]
    path = lab.write("hang.txt", "\n".join(urls))
    command = lab.start(path, READ_TIMEOUT="60", IMAGE_TIMEOUT="60")
    assert wait_until(lambda: len({request.target for request in lab.origin.requests}) == done + hanging)
    assert wait_until(lambda: list(lab.out.glob("runs/*/batches/*.json")))
    return path, command


def test_ctrl_c_ends_a_run_in_order_when_an_origin_hangs(lab: RunLab) -> None:
    path, command = start_with_hanging_images(lab)
    began = time.monotonic()
    command.kill_group(signal.SIGINT)  # as a terminal does

    assert command.wait() == 130
    assert time.monotonic() - began < STOP_SECONDS + 10.0
    assert command.wait_until_nothing_runs()
    assert re.search(r"Stopped after (\d+) of 155 rows: Ctrl-C\.\nThe same command goes on\.\n", command.output)
    assert "Traceback" not in command.output
    [run] = runs(lab.out)
    done = len(rows(run))
    assert not summary(run)["complete"]
    assert 0 < done == summary(run)["counts"]["files"] < 155
    check_folder(lab.out)

    lab.origin.responders["hang"] = lab.origin.responders["n"]
    status, output = lab.run(path)

    assert status == 0
    match = re.search(r"Downloading the remaining (\d+) rows into", output)
    assert match, output
    assert 155 - done <= int(match[1]) < 155 - done + 16  # a group that is done in part counts as a whole
    assert runs(lab.out) == [run]
    assert [row["row"] for row in rows(run)] == list(range(1, 156))


def test_second_ctrl_c_ends_a_run_at_once(lab: RunLab) -> None:
    _, command = start_with_hanging_images(lab)
    command.kill_group(signal.SIGINT)
    time.sleep(0.1)
    began = time.monotonic()
    command.kill_group(signal.SIGINT)

    assert command.wait() == 130
    assert time.monotonic() - began < STOP_SECONDS - 1.0
    assert command.wait_until_nothing_runs()
    assert "Traceback" not in command.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("to_group", [False, True], ids=["command", "group"])
def test_run_ends_with_its_workers_when_a_signal_ends_it(
    lab: RunLab, number: signal.Signals, *, to_group: bool
) -> None:
    path, command = start_with_hanging_images(lab)
    (command.kill_group if to_group else command.kill)(number)

    assert command.wait() == 128 + number
    assert command.wait_until_nothing_runs()
    assert "Traceback" not in command.output
    check_folder(lab.out)
    lab.origin.responders["hang"] = lab.origin.responders["n"]
    assert lab.run(path)[0] == 0
    assert len(rows(runs(lab.out)[0])) == 155


def test_run_stops_and_can_go_on_when_workers_are_killed(lab: RunLab) -> None:
    path, command = start_with_hanging_images(lab)
    for worker in command.workers():
        with suppress(ProcessLookupError):  # the command ends the others as soon as it misses one
            os.kill(worker, signal.SIGKILL)
    lab.origin.responders["hang"] = lab.origin.responders["n"]

    assert command.wait() == 1
    assert command.wait_until_nothing_runs()
    assert "rows: a worker process was killed; perhaps the machine has too little memory" in command.output
    status, output = lab.run(path)
    assert status == 0, output
    [run] = runs(lab.out)
    assert [row["row"] for row in rows(run)] == list(range(1, 156))

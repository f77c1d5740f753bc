"""docs/try-it-locally.md: `make up` in one terminal, every command of the page in another, Ctrl-C at the end."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from infra.build.template_file import ROOT
from infra.command.running_processes import HOME_PREFIX, RECORDS
from infra.command.tcp_ports import find_free_port
from infra.local.example_files import folder_of
from infra.pictures.board import draw_board, encode

from support.aws_cli import BIN, USE_ENDPOINT
from support.deployed_lab import wait_for
from support.events_page import QUEUE
from support.html_document import parse_html
from support.running_command import SIGINT_IGNORED

PAGE = ROOT / "docs" / "try-it-locally.md"
COMMANDS = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
START, SOURCE, FILE, LOOK, MANIFEST, RECEIPT, BULK, INVOKE, MESSAGE, ITS_RECEIPT, TOPIC, SMOKE, LISTING, LOGS = COMMANDS
PORT = find_free_port()
READY = "Press Ctrl-C to stop."
START_SECONDS = 180


@contextmanager
def make_up(directory: Path, port: int, *arguments: str, prefix: list[str] | None = None) -> Iterator[Path]:
    """Run `make up` until the block ends, then press Ctrl-C; yields its log.

    Args:
        directory: for its log and its temporary files; nothing else is in there.
        port: of the local AWS.
        arguments: further variables of `make`.
        prefix: a command that starts it.
    """
    log = directory / "log"
    process = start(log, [*(prefix or []), "make", "-s", *START.split()[1:], f"PORT={port}", *arguments])
    wait_for_text(READY, log, process)
    try:
        yield log
    finally:
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to make as well
        process.wait(timeout=60)
        assert re.search(r"\nStopping \.\.\.\nStopped\. Nothing is left running", log.read_text())
        assert [path for path in directory.iterdir() if path != log] == []
        assert not folder_of(port).exists()


def start(log: Path, command: list[str]) -> subprocess.Popen[bytes]:
    environment = os.environ | {"TMPDIR": str(log.parent)}
    with log.open("w") as out:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True)


def wait_for_text(text: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while text not in log.read_text() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.2)
    assert text in log.read_text(), log.read_text()


def is_deploying(directory: Path) -> bool:
    """Whether a command runs sam in a temporary directory, and has recorded that."""
    for path in RECORDS.glob("*.json"):
        with suppress(FileNotFoundError):  # a command that has just ended
            record = json.loads(path.read_text())
            if record["name"] == "sam deploy" and Path(record["cwd"]).is_relative_to(directory):
                return True
    return False


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """`make up` on a free port, after one on the same port was killed while it deployed; yields the log."""
    killed = tmp_path_factory.mktemp("killed")
    process = start(killed / "log", ["make", "-s", "up", f"PORT={PORT}"])
    wait_for_text("Deploying", killed / "log", process)
    wait_for(lambda: is_deploying(killed), START_SECONDS)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert list(killed.glob(f"{HOME_PREFIX}*")), "a killed command deletes nothing"
    with make_up(tmp_path_factory.mktemp("up"), PORT) as log:
        assert not list(killed.glob(f"{HOME_PREFIX}*")), "the next one deletes its data"
        yield log


def run_typed(command: str, port: int = PORT) -> str:
    """What a command of the page prints in a terminal that has read the variables of a `make up`."""
    typed = ("export BROWSER=none\n" + SOURCE + command).replace(".local/up/", f".local/{folder_of(port).name}/")
    # `make test` tells commands of make below it that they are, and they then print more.
    terminal = {name: value for name, value in os.environ.items() if name not in {"MAKEFLAGS", "MAKELEVEL", "MFLAGS"}}
    done = subprocess.run(
        ["bash", "-euc", typed], cwd=ROOT, env=terminal, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def count_pictures(page: Path) -> int:
    """Load every picture of a page as a browser does, and count them."""
    images = parse_html(page.read_text()).find_all("img")
    for image in images:
        with urllib.request.urlopen(image.attributes["src"], timeout=10) as response:  # noqa: S310 - the local S3
            assert response.headers["Content-Type"].startswith("image/")
    return len(images)


def test_up_ends_with_the_page_of_an_example(up: Path) -> None:
    page = folder_of(PORT) / "receipt.html"

    assert f"{page.relative_to(ROOT)}: open it in a browser" in up.read_text()
    assert count_pictures(page) == 5
    assert [tag.text for tag in parse_html(page.read_text()).find("ul", "status").find_all("span", "tag")] == [
        "6 stored",
        "2 failed",
    ]


def test_up_stops_ministack_that_a_killed_command_left_running(up: Path) -> None:
    assert re.search(r"Stopped MiniStack \(pid \d+\), which a killed command left running\.\n", up.read_text())


@pytest.mark.usefixtures("up")
def test_every_entry_point_works_by_the_commands_of_the_page() -> None:
    receipt = json.loads(run_typed(FILE))
    assert (receipt["id"], receipt["status"]) == ("by-curl", "partial")
    assert {image["error"]["code"] for image in receipt["images"] if image["status"] == "failed"} == {
        "invalid_image",
        "not_found",
    }
    again = json.loads(run_typed(FILE))
    assert {image["source"] for image in again["images"] if image["status"] == "stored"} == {"unchanged"}

    assert "The page is .local/look/by-curl.html (" in run_typed(LOOK)
    assert count_pictures(ROOT / ".local" / "look" / "by-curl.html") == 5, "the sixth is a TIFF"

    assert not run_typed(MANIFEST)
    assert wait_for(lambda: json.loads(run_typed(RECEIPT)).get("status") == "stored")

    printed = run_typed(BULK)
    assert "400 Files in " in printed
    assert "Files    300 stored, 100 failed" in printed

    invoked = json.loads(run_typed(INVOKE))
    assert invoked["objectKeys"] == receipt["objectKeys"]
    assert "<MessageId>" in run_typed(MESSAGE)
    assert wait_for(lambda: json.loads(run_typed(ITS_RECEIPT)).get("status") == "stored")
    assert run_typed(SMOKE).endswith("The run left nothing behind.\n")

    listed = run_typed(LISTING)
    assert f"<Key>{receipt['objectKeys'][0]}</Key>" in listed
    assert "/summary.json</Key>" in listed

    logged = run_typed(LOGS)
    assert '"file_id": "by-curl"' in logged
    assert {"file done", "manifest done", "batch done", "run done", "messages done"} <= set(
        re.findall('"message": "(.*)"', logged)
    )
    assert "_aws" not in logged


@pytest.mark.usefixtures("up")
def test_queue_of_the_events_page_gets_a_message_for_each_receipt(tmp_path: Path) -> None:
    subscribe = QUEUE.replace("policy.json", str(tmp_path / "policy.json"))

    assert "receipts/told.json" in run_typed(f"PATH={BIN}:$PATH\n{USE_ENDPOINT}{subscribe}{TOPIC}")


@pytest.mark.usefixtures("up")
def test_second_up_says_which_process_uses_the_port() -> None:
    python = str(Path(".venv") / "bin" / "python")

    done = subprocess.run(
        [python, "-m", "infra.local", "--port", str(PORT)],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "functions"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    said = rf"make up did not start\. Another `make up` of this directory \(pid \d+\) uses port {PORT}\."
    assert re.search(said, done.stderr)


@pytest.mark.usefixtures("up")
def test_second_up_has_its_own_files_and_the_users_pictures(tmp_path: Path) -> None:
    """Started as a script does with `&`, so that Ctrl-C has to work although the parent ignores SIGINT."""
    own, directory, port = tmp_path / "own pictures", tmp_path / "second", find_free_port()
    (own / "lot 7").mkdir(parents=True)
    directory.mkdir()
    (own / "lot 7" / "board.jpg").write_bytes(encode(draw_board(), "JPEG"))
    first = (folder_of(PORT) / "env").read_text()

    with make_up(directory, port, f"PICTURES={own}", prefix=SIGINT_IGNORED):
        receipt = json.loads(run_typed(FILE, port))

    assert (receipt["status"], len(receipt["images"])) == ("stored", 1)
    assert receipt["counts"]["reused"] == 1, "the example had the same bytes"
    assert receipt["images"][0]["url"].endswith("/lot%207/board.jpg")
    assert (folder_of(PORT) / "env").read_text() == first

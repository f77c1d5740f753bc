"""docs/try-it-locally.md: `make up` in one terminal, every command of the page in another, Ctrl-C at the end."""

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from infra.local.process import free_port
from infra.template import ROOT

from support.deployed_lab import wait_for

PAGE = ROOT / "docs" / "try-it-locally.md"
HERE = ROOT / ".local" / "up"
START, SOURCE, FILE, MANIFEST, RECEIPT, BULK, LISTING, LOGS = re.findall(
    r"^```sh\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE
)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[subprocess.Popen[str]]:
    """`make up` as it is typed, on a port that is free, with its temporary files where they can be counted."""
    shutil.rmtree(HERE, ignore_errors=True)
    directory = tmp_path_factory.mktemp("up")
    command = ["make", "-s", *START.split()[1:], f"PORT={free_port()}"]
    log = directory / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | {"TMPDIR": str(directory)},
            stdout=out,
            stderr=out,
            text=True,
            start_new_session=True,
        )
    until = time.monotonic() + 180
    while "Ctrl-C stops it" not in log.read_text() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.2)
    assert "Ctrl-C stops it" in log.read_text(), log.read_text()
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to make as well
        process.wait(timeout=60)
        assert "nothing is left running" in log.read_text()
        assert [path for path in directory.iterdir() if path != log] == []


def typed(command: str) -> str:
    """What a command says in a terminal that has read the variables."""
    done = subprocess.run(
        ["bash", "-euc", SOURCE + command], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.mark.usefixtures("up")
def test_every_door_is_open_by_the_commands_of_the_page() -> None:
    receipt = json.loads(typed(FILE))
    assert (receipt["id"], receipt["status"]) == ("by-curl", "partial")
    assert {image["error"]["code"] for image in receipt["images"] if image["status"] == "failed"} == {
        "invalid_image",
        "not_found",
    }

    assert not typed(MANIFEST)
    assert wait_for(lambda: json.loads(typed(RECEIPT)).get("status") == "stored")

    said = typed(BULK)
    assert "400 Files in " in said
    assert "Files    300 stored, 100 failed" in said

    listed = typed(LISTING)
    assert f"<Key>{receipt['objectKeys'][0]}</Key>" in listed
    assert "/summary.json</Key>" in listed

    logged = typed(LOGS)
    assert '"file_id": "by-curl"' in logged
    assert {"file done", "manifest done", "batch done", "run done"} <= set(re.findall('"message": "(.*)"', logged))
    assert "_aws" not in logged


@pytest.mark.usefixtures("up")
def test_a_port_that_is_taken_is_said_in_a_line() -> None:
    [endpoint] = re.findall(r"AWS_ENDPOINT_URL=http://127\.0\.0\.1:(\d+)", (HERE / "env").read_text())
    python = str(Path(".venv") / "bin" / "python")

    done = subprocess.run(
        [python, "-m", "infra.local", "--port", endpoint], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 1
    assert f"It did not come up. Something else listens on port {endpoint}." in done.stderr

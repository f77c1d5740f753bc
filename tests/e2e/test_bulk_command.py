"""`make bulk`, as a person types it, against the stack on MiniStack; and what its line says."""

import asyncio
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from infra.bulk.screen import Screen, duration, line, summary
from infra.bulk.stack import Progress
from infra.local.deploy import ROOT_USER, STACK
from infra.local.ministack import REGION

from e2e.conftest import ROOT, Ground, eventually, jsonl
from origin.behaviour import IMAGE, Reader, Request, Writer, send, sized


def command(ground: Ground, path: Path, stack: str = STACK) -> list[str]:
    return ["make", "-s", "bulk", f"LIST={path}", f"STACK={stack}", f"ENDPOINT={ground.stack.aws.endpoint}"]


def environment() -> dict[str, str]:
    return os.environ | {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ROOT_USER.key,
        "AWS_SECRET_ACCESS_KEY": ROOT_USER.secret,
        "AWS_SESSION_TOKEN": "",
    }


def run(ground: Ground, path: Path, stack: str = STACK) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(ground, path, stack), cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )


def test_a_list_is_uploaded_followed_and_summed_up(deployed: Ground, tmp_path: Path) -> None:
    urls = [deployed.origin.url(f"length/c-{n}") for n in range(300)] + [deployed.origin.url("status_404/c-gone")]
    path = tmp_path / "lot 7.csv"
    path.write_text("id,url\n" + "".join(f"c-{n},{url}\n" for n, url in enumerate(urls)))

    done = run(deployed, path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "[########################] 100%  301 of 301 done" in done.stdout
    assert "301 Files in " in done.stdout
    assert "Files    300 stored, 1 failed\n" in done.stdout
    assert "failed   1 not_found\n" in done.stdout
    [key] = [word for word in done.stdout.split() if word.endswith("failed.jsonl")]
    assert deployed.objects(key.removeprefix(f"s3://{deployed.stack.bucket}/")) != []
    assert len(deployed.objects("receipts/c-")) == 301


def test_ctrl_c_leaves_the_run_going_and_says_how_to_look_at_it(deployed: Ground, tmp_path: Path) -> None:
    let_go = threading.Event()

    async def held(_: Reader, writer: Writer, __: Request) -> None:
        while not let_go.is_set():  # noqa: ASYNC110 - it is set in another thread, which has another loop
            await asyncio.sleep(0.02)
        await send(writer, sized(IMAGE))

    deployed.origin.taught["held_back"] = held
    path = tmp_path / "long.jsonl"
    path.write_bytes(jsonl({"id": "c-long", "urls": [deployed.origin.url("held_back")]}))
    process = subprocess.Popen(
        command(deployed, path),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = ""
    while "The run is" not in said:
        more = process.stdout.readline()
        assert more, said
        said += more
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does it: to make as well
    out, err = process.communicate(timeout=20)
    let_go.set()

    arn = err.split("--execution-arn ")[1].split()[0]
    assert "The run goes on." in err
    assert arn.endswith(said.split("The run is ")[1].strip())
    assert "Traceback" not in out + err
    states = deployed.stack.aws.client("stepfunctions")
    assert eventually(lambda: states.describe_execution(executionArn=arn)["status"] == "SUCCEEDED")
    assert deployed.json("receipts/c-long.json")["status"] == "stored"


@pytest.mark.parametrize(
    ("name", "stack", "words"),
    [
        ("gone.csv", STACK, "gone.csv is not there"),
        ("list.txt", STACK, "its name has to end in .jsonl or .csv"),
        ("list.csv", "no-such-stack", "The stack no-such-stack cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_line(
    deployed: Ground, tmp_path: Path, name: str, stack: str, words: str
) -> None:
    for there in ("list.txt", "list.csv"):
        (tmp_path / there).write_text("url\n")

    done = run(deployed, tmp_path / name, stack)

    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("progress", "seconds", "said"),
    [
        (Progress("RUNNING"), 3, "reading the list, 3 s"),
        (Progress("RUNNING", 800), 3, "[........................]   0%  0 of 800 done, 0 a second, "),
        (
            Progress("RUNNING", 1_000_000, 250_000, 50),
            100,
            "[######..................]  25%  250,000 of 1,000,000 done, 50 failed, 2,500 a second, 5 min 0 s left",
        ),
        (Progress("SUCCEEDED", 10, 10), 4, "[########################] 100%  10 of 10 done, 2 a second, 0 s left"),
    ],
)
def test_the_line_says_how_far_it_is_how_fast_and_how_long_yet(progress: Progress, seconds: float, said: str) -> None:
    assert line(progress, seconds).startswith(said)


def test_a_terminal_gets_one_line_that_is_written_over_and_is_never_broken(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    screen = Screen()
    for done in (1, 2, 3):
        screen.show(Progress("RUNNING", 3, done))
    screen.leave()

    first, *lines, last = capsys.readouterr().out.split("\r\x1b[K")
    assert (first, len(lines)) == ("", 2)
    assert {len(shown) for shown in (*lines, last.removesuffix("\n"))} == {39}
    assert "\n" not in "".join(lines)


def test_elsewhere_a_line_comes_only_now_and_then(capsys: pytest.CaptureFixture[str]) -> None:
    screen = Screen()
    for done in range(100):
        screen.show(Progress("RUNNING", 100, done))
    screen.show(Progress("SUCCEEDED", 100, 100))

    assert len(capsys.readouterr().out.splitlines()) == 2


def test_times_are_said_as_one_says_them() -> None:
    assert [duration(s) for s in (0.4, 59, 200, 7500)] == ["0 s", "59 s", "3 min 20 s", "2 h 5 min"]


def test_a_run_without_failures_has_no_line_for_them() -> None:
    counts = {"files": 2, "status": {"stored": 2}, "images": {"stored": 1, "reused": 1}, "codes": {}, "bytes": 1234}
    found = {"seconds": 61.2, "batches": 1, "counts": counts, "failedKey": None}

    assert summary(found, "the-images") == [
        "2 Files in 1 min 1 s, batches: 1",
        "  Files    2 stored",
        "  images   1 stored, 1 reused; 1,234 bytes",
    ]

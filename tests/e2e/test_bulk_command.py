"""`make bulk`, as a person types it, against the stack on MiniStack."""

import asyncio
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from infra.local.deploy import ROOT_USER, STACK
from infra.local.ministack import REGION
from infra.template import ROOT

from support.deployed_lab import BATCH_SIZE, Lab, broken_function, json_lines, wait_for
from support.origin.behaviour import IMAGE, Reader, Request, Writer, response, send


def command(lab: Lab, path: Path, stack: str = STACK) -> list[str]:
    return ["make", "-s", "bulk", f"LIST={path}", f"STACK={stack}", f"ENDPOINT={lab.stack.aws.endpoint}"]


def environment() -> dict[str, str]:
    return os.environ | {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ROOT_USER.key,
        "AWS_SECRET_ACCESS_KEY": ROOT_USER.secret,
        "AWS_SESSION_TOKEN": "",
    }


def run(lab: Lab, path: Path, stack: str = STACK) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(lab, path, stack), cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )


def test_a_list_is_uploaded_followed_and_summed_up(deployed: Lab, tmp_path: Path) -> None:
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


def test_ctrl_c_leaves_the_run_going_and_says_how_to_look_at_it(deployed: Lab, tmp_path: Path) -> None:
    let_go = threading.Event()

    async def held(_: Reader, writer: Writer, __: Request) -> None:
        while not let_go.is_set():  # noqa: ASYNC110 - it is set in another thread, which has another loop
            await asyncio.sleep(0.02)
        await send(writer, response(IMAGE))

    deployed.origin.responders["held_back"] = held
    path = tmp_path / "long.jsonl"
    path.write_bytes(json_lines({"id": "c-long", "urls": [deployed.origin.url("held_back")]}))
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
    assert wait_for(lambda: states.describe_execution(executionArn=arn)["status"] == "SUCCEEDED")
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
    deployed: Lab, tmp_path: Path, name: str, stack: str, words: str
) -> None:
    for there in ("list.txt", "list.csv"):
        (tmp_path / there).write_text("url\nhttps://a.example/\n")

    done = run(deployed, tmp_path / name, stack)

    assert done.returncode != 0
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_list_that_no_run_could_go_through_is_not_uploaded(deployed: Lab, tmp_path: Path) -> None:
    path = tmp_path / "lot.jsonl"
    path.write_bytes(json_lines({"urls": ["https://a.example/"]}) + b"{no\n" + json_lines({"id": "x" * 300_000}))
    before = deployed.s3.list_objects_v2(Bucket=deployed.stack.inbox, Prefix="bulk/")["KeyCount"]

    done = run(deployed, path)

    assert done.returncode != 0
    assert "lot.jsonl was not uploaded" in done.stderr
    assert "line 2 is not JSON" in done.stderr
    assert "line 3 has 300,010 bytes; a line may have 219,900" in done.stderr
    assert before == deployed.s3.list_objects_v2(Bucket=deployed.stack.inbox, Prefix="bulk/")["KeyCount"]


def test_a_run_that_was_given_up_is_not_taken_for_the_whole(deployed: Lab, tmp_path: Path) -> None:
    """The function cannot start; after the first batches the run is given up, and the other lines are not begun."""
    path = tmp_path / "lot.jsonl"
    path.write_bytes(json_lines(*({"urls": [deployed.origin.url("length/c-up")]} for _ in range(5 * BATCH_SIZE))))

    with broken_function(deployed, "BulkFunction"):
        done = run(deployed, path)

    assert done.returncode != 0
    assert "THIS IS NOT THE WHOLE LIST: the run was given up.\n  States.ExceedToleratedFailureThreshold" in done.stdout
    assert f"Of {5 * BATCH_SIZE:,} Files that were read of the list, " in done.stdout
    assert "hand the whole list over again" in done.stdout
    assert "The run ended as FAILED" in done.stderr

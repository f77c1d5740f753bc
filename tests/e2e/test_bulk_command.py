"""`make bulk`, as a user types it, against the stack on MiniStack."""

import asyncio
import gzip
import json
import os
import signal
import subprocess
import threading
from pathlib import Path

import pytest
from infra.build.template_file import ROOT
from infra.local.deploy_template import ROOT_USER, STACK
from infra.local.ministack import REGION

from support.deployed_lab import BATCH_SIZE, Lab, broken_function, json_lines
from support.origin.behaviour import IMAGE, Reader, Request, Writer, response_with, send


def command(lab: Lab, *variables: str) -> list[str]:
    return ["make", "-s", "bulk", f"STACK={STACK}", f"ENDPOINT={lab.stack.aws.endpoint}", *variables]


def environment() -> dict[str, str]:
    return os.environ | {
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ROOT_USER.key,
        "AWS_SECRET_ACCESS_KEY": ROOT_USER.secret,
        "AWS_SESSION_TOKEN": "",
    }


def run(lab: Lab, *variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(lab, *variables), cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )


def write_csv(path: Path, urls: list[str]) -> None:
    path.write_text("id,url\n" + "".join(f"c-{n},{url}\n" for n, url in enumerate(urls)))


def test_bulk_uploads_a_list_follows_its_run_and_prints_the_summary(deployed: Lab, tmp_path: Path) -> None:
    path = tmp_path / "lot 7.csv"
    urls = [deployed.origin.url(f"length/c-{n}") for n in range(300)]
    write_csv(path, [*urls, deployed.origin.url("status_404/c-gone")])

    done = run(deployed, f"LIST={path}")

    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "[########################] 100%  301 of 301 done" in done.stdout
    assert "301 Files in " in done.stdout
    assert "Files    300 stored, 1 failed\n" in done.stdout
    assert "failed   1 not_found\n" in done.stdout
    [key] = [word for word in done.stdout.split() if word.endswith("failed.jsonl")]
    assert deployed.objects(key.removeprefix(f"s3://{deployed.stack.bucket}/")) != []
    assert len(deployed.objects("receipts/c-")) == 301


def test_bulk_downloads_the_table_and_the_lists_of_a_run(deployed: Lab, tmp_path: Path) -> None:
    path, out = tmp_path / "list.csv", tmp_path / "the results"
    names = ["status_404/c-no", "status_503/c-later", *(f"length/c-out-{n}" for n in range(2 * BATCH_SIZE))]
    write_csv(path, [deployed.origin.url(name) for name in names])

    done = run(deployed, f"LIST={path}", f"OUT={out}")

    assert (done.returncode, done.stderr) == (0, "")
    [folder] = (out / "runs").iterdir()
    assert done.stdout.endswith(f"The table has 3 parts in {folder}/images/; 6 files.\n")
    files = {str(file.relative_to(out)): file for file in folder.rglob("*") if file.is_file() and file.name[0] != "."}
    wanted = deployed.objects(f"runs/{folder.name}/images/")
    wanted += [f"runs/{folder.name}/{name}" for name in ("failed.jsonl", "retryable.jsonl", "summary.json")]
    assert {name: file.read_bytes() for name, file in files.items()} == {key: deployed.read(key) for key in wanted}
    parts = [gzip.decompress(file.read_bytes()).splitlines() for file in (folder / "images").glob("*.jsonl.gz")]
    assert sorted(json.loads(line)["row"] for part in parts for line in part) == [*range(1, len(names) + 1)]
    [line] = (folder / "retryable.jsonl").read_bytes().splitlines()
    assert json.loads(line)["intakeFailure"]["row"] == 2

    files[wanted[0]].unlink()
    again = run(deployed, f"RUN={folder.name}", f"OUT={out}")
    assert again.stdout.endswith("; 6 files, of which 5 were there.\n")
    assert files[wanted[0]].read_bytes() == deployed.read(wanted[0])


def test_bulk_fails_when_no_image_was_stored(deployed: Lab, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    write_csv(path, [deployed.origin.url("status_404/c-none")])

    done = run(deployed, f"LIST={path}")

    assert done.returncode != 0
    assert "Files    1 failed\n" in done.stdout
    assert done.stderr.startswith("No image was stored.\n")


def interrupt(process: subprocess.Popen[str], after: str) -> tuple[str, str]:
    """Press Ctrl-C once a command has printed some words, and return what it has printed after them, and its errors."""
    assert process.stdout is not None
    out = ""
    while after not in out:
        more = process.stdout.readline()
        assert more, out
        out += more
    os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to make as well
    rest, err = process.communicate(timeout=20)
    return out + rest, err


def test_ctrl_c_stops_the_command_but_not_the_run_which_can_be_followed_again(deployed: Lab, tmp_path: Path) -> None:
    may_answer = threading.Event()

    async def wait(_: Reader, writer: Writer, __: Request) -> None:
        while not may_answer.is_set():  # noqa: ASYNC110 - another thread sets it, which has another loop
            await asyncio.sleep(0.02)
        await send(writer, response_with(IMAGE))

    deployed.origin.responders["held_back"] = wait
    path = tmp_path / "long.jsonl"
    path.write_bytes(json_lines({"id": "c-long", "urls": [deployed.origin.url("held_back")]}))
    process = subprocess.Popen(
        command(deployed, f"LIST={path}"),
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    out, err = interrupt(process, after="The run is")
    may_answer.set()

    name = out.partition("The run is ")[2].split()[0]
    assert "Traceback" not in out + err
    assert err.strip().splitlines() == [
        "Stopped. The run goes on in AWS. To follow it again:",
        f"  make bulk RUN={name} ENDPOINT={deployed.stack.aws.endpoint}",
    ]

    followed = run(deployed, f"RUN={name}")

    assert (followed.returncode, followed.stderr) == (0, "")
    assert followed.stdout.startswith(f"The run is {name}\n")
    assert "Files    1 stored\n" in followed.stdout
    assert deployed.json("receipts/c-long.json")["status"] == "stored"


def test_bulk_fails_when_the_stack_has_no_such_run(deployed: Lab) -> None:
    done = run(deployed, "RUN=no-such-run")

    assert done.returncode != 0
    assert f"The stack {STACK} has no run no-such-run. Check RUN and STACK." in done.stderr


@pytest.mark.parametrize(
    ("name", "stack", "expected"),
    [
        ("gone.csv", STACK, "gone.csv does not exist"),
        ("list.xlsx", STACK, "its name must end in .jsonl (a File or a URL list on each line), .csv"),
        ("list.csv", "no-such-stack", "The stack no-such-stack cannot be read"),
    ],
)
def test_bulk_names_the_fault_of_its_arguments(
    deployed: Lab, tmp_path: Path, name: str, stack: str, expected: str
) -> None:
    for existing in ("list.xlsx", "list.csv"):
        (tmp_path / existing).write_text("url\nhttps://a.example/\n")

    done = run(deployed, f"LIST={tmp_path / name}", f"STACK={stack}")

    assert done.returncode != 0
    assert expected in done.stderr
    assert "Traceback" not in done.stderr


def test_bulk_does_not_upload_a_list_whose_run_would_fail(deployed: Lab, tmp_path: Path) -> None:
    path = tmp_path / "lot.jsonl"
    path.write_bytes(json_lines({"urls": ["https://a.example/"]}) + b"{no\n" + json_lines({"id": "x" * 300_000}))
    before = deployed.s3.list_objects_v2(Bucket=deployed.stack.inbox, Prefix="bulk/")["KeyCount"]

    done = run(deployed, f"LIST={path}")

    assert done.returncode != 0
    assert "lot.jsonl was not uploaded" in done.stderr
    assert "line 2 is not JSON" in done.stderr
    assert "line 3 has 300,010 bytes; at most 219,900 are possible" in done.stderr
    assert before == deployed.s3.list_objects_v2(Bucket=deployed.stack.inbox, Prefix="bulk/")["KeyCount"]


def test_bulk_reads_lists_as_spreadsheets_and_other_programs_write_them(deployed: Lab, tmp_path: Path) -> None:
    """The digests are wrong, so an image that is stored shows that they were not compared."""
    url = deployed.origin.url("length/c-foreign")
    (tmp_path / "sheet.csv").write_text(f'\ufeff"ID","URL","SHA-256"\r\nc-sheet,"{url}?a=1,2",{"0" * 64}\r\n,,\r\n')
    (tmp_path / "urls.txt").write_text(f"\ufeff# boards\r\n{url}\r\n\r\n{url}?2\r\n")

    sheet, urls = (run(deployed, f"LIST={tmp_path / name}") for name in ("sheet.csv", "urls.txt"))

    assert "failed   1 checksum_mismatch\n" in sheet.stdout
    assert (urls.returncode, urls.stderr) == (0, "")
    assert "Uploading urls.txt as JSON lines" in urls.stdout
    assert "Files    2 stored\n" in urls.stdout
    assert deployed.json("receipts/c-sheet.json")["images"][0]["url"] == url


def test_bulk_says_that_the_summary_is_incomplete_when_the_run_stopped_early(deployed: Lab, tmp_path: Path) -> None:
    """The function cannot start: the run stops after the first batches, and does not begin the other lines."""
    path = tmp_path / "lot.jsonl"
    path.write_bytes(json_lines(*({"urls": [deployed.origin.url("length/c-up")]} for _ in range(5 * BATCH_SIZE))))

    with broken_function(deployed, "BulkFunction"):
        done = run(deployed, f"LIST={path}")

    assert done.returncode != 0
    first = "INCOMPLETE: the run stopped before the end of the list.\n  States.ExceedToleratedFailureThreshold"
    assert first in done.stdout
    assert f" of the {5 * BATCH_SIZE:,} Files that were read from the list are counted here." in done.stdout
    assert "send the whole list again" in done.stdout
    assert "The run ended as FAILED" in done.stderr

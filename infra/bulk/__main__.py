"""`python -m infra.bulk list.csv [--stack image-intake]`; `python -m infra.bulk --run NAME` follows a run again."""

import argparse
import os
import re
import signal
import sys
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from infra.bulk.check import MAX_FAULTS, faults
from infra.bulk.commands import DEFAULT_STACK, Commands
from infra.bulk.local_endpoint import QUESTION, is_file_of_make_up, is_missing
from infra.bulk.progress import Progress, ProgressLine
from infra.bulk.stack import BulkError, Stack, run_name
from infra.bulk.summary import format_summary, has_stored_images

ENDINGS = {".jsonl", ".csv"}
POLL_SECONDS = 1.0
INTERRUPTED = 130


def main() -> int:
    """Run it.

    Returns:
        0 if the run succeeded and stored at least one image; 1 if not; 130 after Ctrl-C.
    """
    # Not inherited: a shell that starts us in the background has us ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    asked = _parser().parse_args()
    try:
        return _run(asked.list, asked.run, Commands(asked.stack, asked.endpoint or None))
    except BulkError as error:
        print(f"make bulk: {error}", file=sys.stderr)
    except (NoCredentialsError, NoRegionError) as error:
        print(f"make bulk: {str(error).rstrip('.')}.", file=sys.stderr)
        print("Set the region and the credentials; for `make up`: . .local/up/env", file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(f"make bulk: a call to AWS failed: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. Nothing was uploaded, and no run was started.", file=sys.stderr)
        return INTERRUPTED
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bulk", description="Send a list of Files to a deployed stack.")
    parser.add_argument("list", type=Path, nargs="?", help="JSON lines of Files or URL lists, or CSV with a column url")
    parser.add_argument("--run", help="name or ARN of a run to follow again, instead of a list")
    parser.add_argument("--stack", default=DEFAULT_STACK, help="name of the stack (default: %(default)s)")
    parser.add_argument("--endpoint", help="URL of a local AWS; without it: AWS itself")
    return parser


def _run(path: Path | None, run: str | None, commands: Commands) -> int:
    if path and run:
        raise BulkError("LIST and RUN are both set: LIST=... starts a run, RUN=... follows one.")
    if not path and not run:
        raise BulkError("which list? make bulk LIST=list.csv. To follow a run again: make bulk RUN=name")
    if path:
        _check(path)
    if commands.endpoint and not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?/?", commands.endpoint):
        raise BulkError(f"ENDPOINT={commands.endpoint} is not a URL such as http://127.0.0.1:4566.")
    endpoint = commands.endpoint or os.environ.get("AWS_ENDPOINT_URL", "")
    if is_missing(endpoint):
        raise BulkError(f"nothing listens at {endpoint}. {QUESTION}")
    stack = Stack(commands.stack, commands.endpoint)
    arn = _start(stack, path, commands) if path else stack.find_run(str(run))
    return INTERRUPTED if arn is None else _follow(stack, arn, commands)


def _check(path: Path) -> None:
    """Raise BulkError if a list cannot be uploaded, or would end its run."""
    if not path.is_file():
        question = f" {QUESTION}" if is_file_of_make_up(path) else ""
        raise BulkError(f"{path} does not exist, or is not a file.{question}")
    if path.suffix.lower() not in ENDINGS:
        raise BulkError(f"{path.name} is not a list: its name must end in .jsonl or .csv.")
    try:
        found = faults(path)
    except OSError as error:
        raise BulkError(f"{path} cannot be read: {error.strerror}.") from None
    if found:
        more = "\n  There may be more." if len(found) == MAX_FAULTS else ""
        raise BulkError("\n  ".join([f"{path.name} was not uploaded, because its run would fail:", *found]) + more)


def _start(stack: Stack, path: Path, commands: Commands) -> str | None:
    """Upload a list and return the ARN of its run; None if Ctrl-C came after the upload."""
    key = stack.new_key(path)
    print(f"Uploading {path.name}, {path.stat().st_size:,} bytes ...", flush=True)
    try:
        stack.upload(path, key)
        return stack.wait_for_run(key)
    except KeyboardInterrupt:
        if not stack.has_list(key):
            raise
        print("\nStopped. The list is uploaded; its run goes on in AWS. To find its name:", file=sys.stderr)
        print(f"  {commands.newest_run(stack.machine)}", file=sys.stderr)
        print(f"To follow it again:\n  {commands.follow('NAME')}", file=sys.stderr)
        return None


def _follow(stack: Stack, arn: str, commands: Commands) -> int:
    run = run_name(arn)
    print(f"The run is {run}", flush=True)
    try:
        return _report(stack, arn, _wait_for_end(stack, arn), commands)
    except KeyboardInterrupt:
        print("\nStopped. The run goes on in AWS. To follow it again:", file=sys.stderr)
        print(f"  {commands.follow(run)}", file=sys.stderr)
        return INTERRUPTED


def _wait_for_end(stack: Stack, arn: str) -> Progress:
    line = ProgressLine()
    try:
        while (progress := stack.progress(arn)).is_running:
            line.show(progress)
            time.sleep(POLL_SECONDS)
        line.show(progress)
    finally:
        line.close()
    return progress


def _report(stack: Stack, arn: str, ended: Progress, commands: Commands) -> int:
    run = run_name(arn)
    if summary := stack.summary(run):
        print("\n".join(format_summary(summary, stack.images, ended.total)))
    else:
        print(f"The run has no summary. If only its last state failed, this repeats it:\n  {commands.redrive(arn)}")
    print(f"Results of the run: s3://{stack.images}/runs/{run}/", flush=True)
    if ended.status != "SUCCEEDED":
        print(f"The run ended as {ended.status}. {ended.error}", file=sys.stderr)
        return 1
    if summary and not has_stored_images(summary):
        print("No image was stored.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

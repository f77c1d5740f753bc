"""`python -m infra.bulk list.csv [--stack image-intake] [--out folder]`; `--run NAME` follows a run again."""

import argparse
import io
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from infra.bulk.commands import DEFAULT_STACK, Commands
from infra.bulk.list_check import UnusableList, check_list
from infra.bulk.local_endpoint import require_endpoint
from infra.bulk.progress import Progress, ProgressLine
from infra.bulk.run_download import RunDownload, require_writable
from infra.bulk.stack import BulkError, Stack, run_name
from infra.bulk.summary import format_summary, has_stored_images

POLL_SECONDS = 1.0
INTERRUPTED = 130


def main() -> int:
    """Run `make bulk`.

    Returns:
        0 if the run succeeded and stored at least one image; 1 if not; 130 after Ctrl-C.
    """
    # A shell that starts this command in the background lets it inherit that SIGINT is ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files may be no text in UTF-8
    options = _make_parser().parse_args()
    try:
        return _run(options.list, options.run, Commands(options.stack, options.endpoint or None, options.out))
    except (BulkError, UnusableList) as error:
        print(f"make bulk: {error}", file=sys.stderr)
    except (NoCredentialsError, NoRegionError) as error:
        print(f"make bulk: {str(error).rstrip('.')}.", file=sys.stderr)
        print("Set the region and the credentials; for `make up`: . .local/up/env", file=sys.stderr)
    except (Boto3Error, BotoCoreError, ClientError) as error:
        print(f"make bulk: a call to AWS failed: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. Nothing was uploaded, and no run was started.", file=sys.stderr)
        return INTERRUPTED
    return 1


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make bulk", description="Send a list of Files to a deployed stack.")
    parser.add_argument(
        "list", type=Path, nargs="?", help="JSON lines of Files or URL lists (.jsonl), CSV (.csv) or URLs (.txt)"
    )
    parser.add_argument("--run", help="name or ARN of a run to follow again, instead of a list")
    parser.add_argument("--out", default="", help="folder that the results of the run are downloaded into")
    parser.add_argument("--stack", default=DEFAULT_STACK, help="name of the stack (default: %(default)s)")
    parser.add_argument("--endpoint", help="URL of a local AWS (default: AWS itself)")
    return parser


def _run(path: Path | None, run: str | None, commands: Commands) -> int:
    if path and run:
        raise BulkError("LIST and RUN are both set: LIST=... starts a run, RUN=... follows one.")
    if not path and not run:
        raise BulkError("which list? make bulk LIST=list.csv. To follow a run again: make bulk RUN=name")
    if commands.out:
        require_writable(Path(commands.out))
    if not path:
        stack = _connect(commands)
        return _follow(stack, stack.find_run(str(run)), commands)
    with tempfile.NamedTemporaryFile(prefix="list-", suffix=".jsonl") as converted:
        check_list(path, converted, consequence="was not uploaded")
        stack = _connect(commands)
        arn = _start(stack, path.name, Path(converted.name), commands)
    return INTERRUPTED if arn is None else _follow(stack, arn, commands)


def _connect(commands: Commands) -> Stack:
    try:
        require_endpoint(commands.endpoint or "")
    except (ValueError, ConnectionError) as error:
        raise BulkError(str(error)) from None
    return Stack(commands.stack, commands.endpoint)


def _start(stack: Stack, name: str, converted: Path, commands: Commands) -> str | None:
    """Upload a list and return the ARN of its run; None if Ctrl-C came after the upload."""
    key = stack.new_key(Path(name))
    print(f"Uploading {name} as JSON lines, {converted.stat().st_size:,} bytes ...", flush=True)
    try:
        stack.upload(converted, key)
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
    try:
        print(f"The run is {run}", flush=True)
        status = _report(stack, arn, _wait_for_end(stack, arn), commands)
    except KeyboardInterrupt:
        print("\nStopped. The run goes on in AWS. To follow it again:", file=sys.stderr)
        print(f"  {commands.follow(run)}", file=sys.stderr)
        return INTERRUPTED
    return status if not commands.out else _download(stack, run, commands) or status


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
    print(f"To see them as a page:\n  {commands.look(f'RUN={run}')}", flush=True)
    if not commands.out:
        print(f"To download the table and the lists:\n  {commands.download(run)}", flush=True)
    if ended.status != "SUCCEEDED":
        print(f"The run ended as {ended.status}. {ended.error}", file=sys.stderr)
        return 1
    if summary and not has_stored_images(summary):
        print("No image was stored.", file=sys.stderr)
        return 1
    return 0


def _download(stack: Stack, run: str, commands: Commands) -> int:
    download = RunDownload(stack.s3, stack.images, run, Path(commands.out))
    print(f"Downloading the results into {download.path}/ ...", flush=True)
    try:
        download.download()
    except KeyboardInterrupt:
        print("\nStopped. The files that are in the folder are whole. To go on:", file=sys.stderr)
        print(f"  {commands.follow(run)}", file=sys.stderr)
        return INTERRUPTED
    if download.parts:
        there = f", of which {download.unchanged:,} were there" if download.unchanged else ""
        print(f"The table has {download.parts:,} parts in {download.path}/images/; {download.files:,} files{there}.")
        return 0
    print(_describe_missing_table(stack.summary(run), run), file=sys.stderr)
    return 1


def _describe_missing_table(summary: Mapping[str, Any] | None, run: str) -> str:
    if summary is None:
        return f"The run {run} has no table: no batch has ended, or its objects were deleted after InboxDays."
    if "tablePrefix" not in summary:
        return (
            f"The run {run} has no table, because the stack was of an earlier version. Deploy this one, then send the "
            "list again: no image is stored twice."
        )
    return f"The table of the run {run} is empty: no batch has ended."


if __name__ == "__main__":
    sys.exit(main())

"""`python -m infra.bulk list.csv --stack image-intake [--endpoint http://127.0.0.1:4566]`."""

import argparse
import re
import sys
import time
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from infra.bulk.check import SHOWN, faults
from infra.bulk.screen import Screen, no_summary, summary
from infra.bulk.stack import BulkError, Progress, Stack, named

ENDINGS = {".jsonl", ".csv"}
POLL_SECONDS = 1.0
INTERRUPTED = 130


def main() -> int:
    """Run it: 0 if the run succeeded, also where images failed; 1 if it did not; 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="make bulk", description="Hand a list of Files to a deployed stack.")
    parser.add_argument("list", type=Path, help="JSON lines of Files or URL lists, or CSV with a column url")
    parser.add_argument("--stack", default="image-intake", help="name of the stack (default: image-intake)")
    parser.add_argument("--endpoint", help="of a local AWS; left out: AWS itself")
    asked = parser.parse_args()
    try:
        return _hand_over(asked.list, asked.stack, asked.endpoint or None)
    except BulkError as error:
        print(error, file=sys.stderr)
    except (NoCredentialsError, NoRegionError) as error:
        said = str(error).rstrip(".")
        print(f"{said}: the environment has to have both. For `make up`: . .local/up/env", file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(f"AWS says: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped. Nothing was uploaded, and nothing was started.", file=sys.stderr)
        return INTERRUPTED
    return 1


def _hand_over(path: Path, name: str, endpoint: str | None) -> int:
    if not path.is_file():
        raise BulkError(f"{path} is not there, or no file.")
    if path.suffix.lower() not in ENDINGS:
        raise BulkError(f"{path.name} is no list: its name has to end in .jsonl or .csv.")
    if endpoint and not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?/?", endpoint):
        raise BulkError(f"ENDPOINT={endpoint} is no address: it has to be one such as http://127.0.0.1:4566.")
    if found := _looked_through(path):
        more = " and maybe more" if len(found) == SHOWN else ""
        listed = "\n  ".join(found)
        raise BulkError(f"{path.name} was not uploaded: no run could go through it.\n  {listed}{more}")
    stack = Stack(name, endpoint)
    print(f"Uploading {path.name}, {path.stat().st_size:,} bytes ...", flush=True)
    key = stack.key_for(path)
    where = f" --endpoint-url {endpoint}" if endpoint else ""
    look = f"aws{where} s3 ls s3://{stack.images}/runs/"
    try:
        stack.upload(path, key)
        arn = stack.find(key)
        look = f"aws{where} stepfunctions describe-execution --execution-arn {arn}"
        print(f"The run is {named(arn)}", flush=True)
        ended = _follow(stack, arn)
    except KeyboardInterrupt:
        if not stack.has(key):
            raise
        print(f"\nThe list is uploaded. The run goes on. To look at it:\n  {look}", file=sys.stderr)
        return INTERRUPTED
    return _tell(stack, arn, ended, where)


def _looked_through(path: Path) -> list[str]:
    try:
        return faults(path)
    except OSError as error:
        raise BulkError(f"{path} cannot be read: {error.strerror}.") from None


def _follow(stack: Stack, arn: str) -> Progress:
    screen = Screen()
    try:
        while (progress := stack.progress(arn)).running:
            screen.show(progress)
            time.sleep(POLL_SECONDS)
        screen.show(progress)
    finally:
        screen.leave()
    return progress


def _tell(stack: Stack, arn: str, ended: Progress, where: str) -> int:
    found = stack.summary(named(arn))
    print("\n".join(summary(found, stack.images, ended.total) if found else no_summary(arn, where)))
    print(f"What the run left: s3://{stack.images}/runs/{named(arn)}/")
    if ended.status == "SUCCEEDED":
        return 0
    print(f"The run ended as {ended.status}. {ended.error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

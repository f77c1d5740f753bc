"""`python -m infra.smoke [--stack image-intake]`: try every entry point of a deployed stack (`make smoke`)."""

import argparse
import re
import sys

from botocore.exceptions import BotoCoreError, ClientError

from infra.bulk.commands import DEFAULT_STACK
from infra.bulk.local_endpoint import require_endpoint
from infra.bulk.stack import BulkError
from infra.command.signals import INTERRUPTED, install_signal_handlers
from infra.command.standard_streams import make_output_optional
from infra.command.terminal import print_line
from infra.smoke.deployed import Deployed
from infra.smoke.smoke_run import SmokeRun
from infra.smoke.table import format_table

WAIT_SECONDS = 120.0
"""Limit of the wait for each asynchronous result. A first start in a VPC takes some seconds."""

MAX_WAIT_SECONDS = 600
"""Shorter than URL_SECONDS, so that the pictures can be downloaded until the end of a wait."""

UNREADABLE = 2
"""The exit status if the stack cannot be read."""


def main() -> int:
    """Try a stack.

    Returns:
        0 if no check failed; 1 if one did; 2 if the stack cannot be read; 130 after Ctrl-C.
    """
    options = _make_parser().parse_args()
    install_signal_handlers()
    try:
        print_line(f"Trying the stack {options.stack}; a result may take {options.wait:g} seconds.")
        run = SmokeRun(_connect(options.stack, options.endpoint or None), options.wait)
    except (BulkError, BotoCoreError, ClientError, ValueError, ConnectionError) as error:
        print(f"make smoke: {str(error).rstrip('.')}.", file=sys.stderr)
        print("Check STACK, the region and the credentials; for `make up`: . .local/up/env", file=sys.stderr)
        return UNREADABLE
    except KeyboardInterrupt:
        print_line("\nStopped. Nothing was sent.")
        return INTERRUPTED
    try:
        run.run()
        print_line("\n" + "\n".join(format_table(run.results)))
    except KeyboardInterrupt:
        print_line("\nStopped.")
        return INTERRUPTED
    finally:
        _print_left(run)
    return 1 if run.has_failed else 0


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make smoke", description="Try every entry point of a deployed stack.")
    parser.add_argument("--stack", default=DEFAULT_STACK, help="name of the stack (default: %(default)s)")
    parser.add_argument("--endpoint", default="", help="URL of a local AWS, as of `make up` (default: AWS itself)")
    parser.add_argument(
        "--wait", type=_parse_wait, default=WAIT_SECONDS, help=f"limit of each wait, 1 to {MAX_WAIT_SECONDS} seconds"
    )
    return parser


def _parse_wait(text: str) -> float:
    """Parse the limit of a wait.

    Raises:
        ArgumentTypeError: the text is no number of seconds in the range.
    """
    if re.fullmatch("[0-9]{1,3}", text) and 1 <= int(text) <= MAX_WAIT_SECONDS:
        return float(text)
    raise argparse.ArgumentTypeError(f"WAIT={text}: expected whole seconds, from 1 to {MAX_WAIT_SECONDS}")


def _connect(stack: str, endpoint: str | None) -> Deployed:
    require_endpoint(endpoint or "")
    return Deployed(stack, endpoint)


def _print_left(run: SmokeRun) -> None:
    if not run.left:
        print_line("\nThe run left nothing behind.")
        return
    print_line("\nNot removed:")
    for one in run.left:
        print_line(f"  {one}")


if __name__ == "__main__":
    make_output_optional()  # what the run left is removed even if nobody reads the output
    sys.exit(main())

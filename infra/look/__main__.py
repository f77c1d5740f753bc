"""`python -m infra.look --id ID` or `--run RUN`: the page of a receipt or of a run, and opens it (`make look`)."""

import argparse
import os
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from infra.bulk.commands import DEFAULT_STACK
from infra.bulk.local_endpoint import require_endpoint
from infra.bulk.stack import BulkError, Stack
from infra.command.signals import INTERRUPTED
from infra.look.browser import open_page
from infra.look.errors import LookError, WrongInput
from infra.look.figures import format_bytes, format_time
from infra.look.names import require_file_id, require_run_name
from infra.look.pages import describe_runs, write_receipt_page, write_run_page
from infra.look.sources import BucketSource, FolderSource, ResultSource

ROOT = Path(__file__).parents[2]
PAGES = ROOT / ".local" / "look"
USAGE = "expected ID=lot-7-cam-2, the id of a File, or RUN=name, the name of a run."


def main() -> int:
    """Write a page and open it; return 0, 1 if it cannot be written, 2 for a wrong argument, 130 after Ctrl-C."""
    options = _make_parser().parse_args()
    try:
        _look(options)
    except LookError as error:
        print(f"make look: {error}", file=sys.stderr)
        return error.exit_status
    except (NoCredentialsError, NoRegionError) as error:
        print(f"make look: {str(error).rstrip('.')}.", file=sys.stderr)
        print("Set the region and the credentials; for `make up`: . .local/up/env", file=sys.stderr)
        return 1
    except (BulkError, BotoCoreError, ClientError) as error:
        print(f"make look: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. The page is not written.", file=sys.stderr)
        return INTERRUPTED
    return 0


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make look", description="Write a page of a receipt or of a run.")
    parser.add_argument("--id", default="", help="the id of a File")
    parser.add_argument("--run", default="", help="the name of a run, in place of an id")
    parser.add_argument("--stack", default=DEFAULT_STACK, help=f"the name of the stack (default: {DEFAULT_STACK})")
    parser.add_argument("--endpoint", default="", help="URL of a local AWS, as of `make up`")
    parser.add_argument("--out", type=Path, help="a folder that `make run` has written, in place of a stack")
    parser.add_argument("--embed", action="store_true", help="put the pictures themselves into the page")
    return parser


def _look(options: argparse.Namespace) -> None:
    _check_variables(options)
    page = PAGES / f"{options.id or options.run}.html"
    source = _open_source(options, page.parent)
    if options.run:
        write_run_page(source, options.run, page)
    else:
        write_receipt_page(source, options.id, page, embed=options.embed)
    print(f"The page is {show_path(page)} ({format_bytes(page.stat().st_size)}). Only you can read it.")
    if source.expires_at and not options.embed:
        more = "" if options.run else " EMBED=1 makes a page that keeps them."
        print(f"Its pictures load until {format_time(source.expires_at)}.{more}")
    open_page(page)


def _name_runs(options: argparse.Namespace) -> str:
    """Return which runs there are; an empty text if they cannot be listed."""
    try:
        return describe_runs(_open_source(options, PAGES))
    except (LookError, BulkError, BotoCoreError, ClientError):
        return ""


def _check_variables(options: argparse.Namespace) -> None:
    if options.id and options.run:
        raise WrongInput("ID and RUN are both set: keep one.")
    if options.run and options.embed:
        raise WrongInput("EMBED=1 is for the page of a receipt: leave it out, or name an ID in place of the RUN.")
    if options.id:
        require_file_id(options.id)
    elif options.run:
        require_run_name(options.run)
    else:
        raise WrongInput(f"{USAGE} {_name_runs(options)}".rstrip())


def _open_source(options: argparse.Namespace, page_folder: Path) -> ResultSource:
    if options.out:
        if not os.path.isdir(options.out):  # noqa: PTH112 - Path.is_dir raises for a name that is too long
            raise WrongInput(f"OUT={options.out} is not a folder. Expected the folder that `make run` has written.")
        return FolderSource(options.out, page_folder)
    try:
        require_endpoint(options.endpoint)
    except ValueError as error:
        raise WrongInput(str(error)) from None
    except ConnectionError as error:
        raise LookError(str(error)) from None
    endpoint = options.endpoint or None
    return BucketSource(Stack(options.stack, endpoint).images, endpoint, options.stack)


def show_path(path: Path) -> Path:
    """Return a path from the working directory, if it is below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())

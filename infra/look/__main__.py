"""`python -m infra.look --id ID` or `--run RUN`: the page of a receipt or of a run, and opens it (`make look`)."""

import argparse
import os
import re
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from infra.bulk.commands import DEFAULT_STACK
from infra.bulk.local_endpoint import QUESTION, is_missing, is_url
from infra.bulk.stack import BulkError, Stack
from infra.look.browser import open_page
from infra.look.errors import LookError, WrongInput
from infra.look.pages import describe_runs, write_receipt_page, write_run_page
from infra.look.safe_text import format_bytes, format_time
from infra.look.sources import BucketSource, FolderSource, Source
from intake.model.file import ID_PATTERN

ROOT = Path(__file__).parents[2]
PAGES = ROOT / ".local" / "look"
USAGE = "expected ID=lot-7-cam-2, the id of a File, or RUN=name, the name of a run."


def main() -> int:
    """Write a page and open it; return 0, 1 if it cannot be written, 2 for a wrong argument."""
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
    if bool(options.id) == bool(options.run):
        raise WrongInput(f"{USAGE} {'' if options.id else _name_runs(options)}".rstrip())
    _check_names(options.id, options.run)
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
    """Return which runs there are; an empty text if nobody can say."""
    try:
        return describe_runs(_open_source(options, PAGES))
    except (LookError, BulkError, BotoCoreError, ClientError):
        return ""


def _check_names(file_id: str, run: str) -> None:
    if file_id and not re.fullmatch(ID_PATTERN, file_id):
        raise WrongInput(f"ID={file_id} is not the id of a File: expected letters, digits, '.', '_' and '-'.")
    if "/" in run or run in {".", ".."} or not run.isprintable():
        raise WrongInput(f"RUN={run!r} is not the name of a run: expected a name without slashes.")


def _open_source(options: argparse.Namespace, page_folder: Path) -> Source:
    if options.out:
        if not options.out.is_dir():
            raise WrongInput(f"OUT={options.out} is not a folder. Expected the folder that `make run` has written.")
        return FolderSource(options.out, page_folder)
    _check_endpoint(options.endpoint)
    endpoint = options.endpoint or None
    return BucketSource(Stack(options.stack, endpoint).images, endpoint, options.stack)


def _check_endpoint(endpoint: str) -> None:
    """Check the URL of a local AWS, which ENDPOINT or AWS_ENDPOINT_URL names."""
    name, url = ("ENDPOINT", endpoint) if endpoint else ("AWS_ENDPOINT_URL", os.environ.get("AWS_ENDPOINT_URL", ""))
    if url and not is_url(url):
        raise WrongInput(f"{name}={url} is not a URL such as http://127.0.0.1:4566.")
    if url and is_missing(url):
        raise LookError(f"nothing listens at {url}. {QUESTION}")


def show_path(path: Path) -> Path:
    """Return a path from the working directory, if it is below it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    sys.exit(main())

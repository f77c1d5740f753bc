"""`python -m infra.local [--port 4566] [--pictures FOLDER] [PARAMETER ...]`: the stack on a local AWS until Ctrl-C."""

import argparse
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from infra.build.template_file import ROOT
from infra.build.template_parameters import find_parameter_faults
from infra.command.errors import CommandError
from infra.command.signals import install_signal_handlers
from infra.command.tcp_ports import LOOPBACK, parse_port
from infra.command.terminal import print_line, timed_step
from infra.local.deploy_template import DeployedStack, relax_for_loopback, turn_on_receipt_topic
from infra.local.example_files import DEFAULT_PORT, EXAMPLE_ID, example_file, example_files, folder_of, to_urls
from infra.local.ministack import ignore_aws_profiles
from infra.local.receipt_page import send_file, write_page
from infra.local.start_stack import require_port, start_stack, stop_orphans
from infra.pictures.board import draw_pictures
from infra.pictures.picture_folder import PictureFolder
from infra.pictures.picture_server import serve_pictures

PAGE = "receipt.html"
"""The page of the example File, below the folder of the example files."""

MAX_CONCURRENCY = "4"
"""Concurrent batches of a list or of messages: each runs in a process of 80 MB on this machine."""

_REFUSED = {"ExistingImageBucket": "the local AWS starts without buckets."} | dict.fromkeys(
    ("AllowedPorts", "Architecture", "BulkMaxConcurrency", "QueueMaxConcurrency", "ReceiptTopic"),
    "make up sets it itself.",
)
"""Parameters that a user cannot set, and why."""

_VARIABLES = frozenset({"PORT", "PICTURES", "PARAMETERS", "PYTHON", "PY", "SAM", "VERIFY"})


def main() -> int:
    """Run until Ctrl-C, then return 0; return 1 if the stack did not start."""
    parser = argparse.ArgumentParser(prog="make up", description="image-intake on a local AWS, until Ctrl-C.")
    parser.add_argument("--port", default=str(DEFAULT_PORT), help=f"port of the local AWS (default: {DEFAULT_PORT})")
    parser.add_argument("--pictures", type=Path, help="a folder of your own pictures to serve")
    parser.add_argument("--given", default="", help="names of the variables that make was given")
    parser.add_argument("parameters", nargs="*", help="parameters of the template: Name=value")
    options = parser.parse_args()
    install_signal_handlers()
    ignore_aws_profiles()
    try:
        _require_known_variables(options.given.split())
        with ExitStack() as on_exit, _announced_stop():
            port, parameters = parse_port(options.port, DEFAULT_PORT), _read_parameters(options.parameters)
            _start(on_exit, port, options.pictures, parameters)
            while True:
                signal.pause()
    except CommandError as error:
        print_line()
        print(f"make up did not start. {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print_line("Stopped. Nothing is left running, and the stored images are deleted.")
    return 0


def _require_known_variables(names: Iterable[str]) -> None:
    """Refuse variables that would be ignored.

    Raises:
        CommandError: `make up` does not read one of them.
    """
    if name := next((name for name in names if name not in _VARIABLES), None):
        raise CommandError(
            f"{name} is not a variable of make up. It takes PORT, PICTURES, VERIFY and parameters of the template, "
            'for example PARAMETERS="SourceBuckets=my-photos".'
        )


def _read_parameters(texts: Iterable[str]) -> dict[str, str]:
    """Return the values of parameters by their names.

    Raises:
        CommandError: a text is not `Name=value`, or the template or `make up` refuses the parameter.
    """
    parameters = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator:
            raise CommandError(f"PARAMETERS: {text}: expected Name=value.")
        parameters[name] = value
    refused = [f"{name}: {_REFUSED[name]}" for name in parameters if name in _REFUSED]
    if faults := [*find_parameter_faults(parameters), *refused]:
        raise CommandError("\n  ".join(["PARAMETERS cannot be deployed:", *faults]))
    return parameters


@contextmanager
def _announced_stop() -> Iterator[None]:
    """Say at once that a signal has arrived: to stop everything takes seconds."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        with suppress(OSError):  # SIGHUP: the terminal is gone
            print_line("\nStopping ...")
        raise


def _start(on_exit: ExitStack, port: int, pictures: Path | None, given: Mapping[str, str]) -> None:
    stop_orphans()
    require_port(port)
    site, urls = _serve(on_exit, pictures)
    # The port of the local AWS too: presigned URLs of its S3 lead there.
    parameters = {
        **given,
        "AllowedPorts": f"80,443,{port},{site.rpartition(':')[2]}",
        "BulkMaxConcurrency": MAX_CONCURRENCY,
        "QueueMaxConcurrency": MAX_CONCURRENCY,
    }
    deployed = start_stack(on_exit, parameters, port)
    with timed_step("Turning on the receipt topic"):
        turn_on_receipt_topic(deployed)
    # The parameters of the template do not allow loopback, where the pictures are served.
    relax_for_loopback(deployed, {"ALLOWED_NETWORKS": f"{LOOPBACK}/32"})
    folder = folder_of(port)
    on_exit.enter_context(example_files(folder, deployed, site, urls, base_images=not pictures))
    with timed_step("Sending an example File"):
        send_file(deployed, example_file(urls, base_images=not pictures))
        write_page(deployed, EXAMPLE_ID, folder / PAGE)
    _print_addresses(deployed, urls[0], folder)


def _serve(on_exit: ExitStack, pictures: Path | None) -> tuple[str, list[str]]:
    """Serve the user's pictures or drawn ones; return the URL of the server and the URLs of the pictures."""
    if pictures:
        own = PictureFolder(pictures)
        site = f"http://{LOOPBACK}:{on_exit.enter_context(serve_pictures(own))}"
        return site, to_urls(site, own)
    with timed_step("Drawing pictures"):
        drawn = draw_pictures()
    site = f"http://{LOOPBACK}:{on_exit.enter_context(serve_pictures(drawn))}"
    return site, to_urls(site, [*drawn, "missing.png"])  # the last one fails on purpose


def _print_addresses(deployed: DeployedStack, example: str, folder: Path) -> None:
    files = folder.relative_to(ROOT)
    print_line()
    for name, value in (
        ("local AWS", deployed.aws.endpoint),
        ("API", deployed.api_url),
        ("inbox bucket", deployed.inbox),
        ("image bucket", deployed.bucket),
        ("function", f"{deployed.find_function('InvokeFunction')}: invoke it with a File"),
        ("queue", deployed.file_queue),
        ("topic", f"{deployed.topic}: a message for each receipt"),
        ("pictures", f"{example} and others"),
        ("receipt page", f"{files / PAGE}: open it in a browser"),
    ):
        print_line(f"  {name:14}{value}")
    print_line("\nOther public URLs work too. In another terminal, in this directory:\n")
    print_line(f"  . {files}/env")
    print_line(f"  make look ID={EXAMPLE_ID} ENDPOINT=$AWS_ENDPOINT_URL")
    print_line(f"  make bulk LIST={files}/list.csv ENDPOINT=$AWS_ENDPOINT_URL")
    print_line(f"  aws lambda invoke --function-name $INVOKE_FUNCTION --payload fileb://{files}/file.json receipt.json")
    print_line(
        f"  aws sqs send-message --queue-url $FILE_QUEUE --message-body file://{files}/message.json  # AWS CLI 2"
    )
    print_line("  .local/sam/bin/sam logs --tail   # the logs of the functions")
    print_line("\nMore commands: docs/try-it-locally.md. Press Ctrl-C to stop.")


if __name__ == "__main__":
    sys.exit(main())

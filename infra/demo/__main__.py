"""`make demo [FILE=my-file.json]`: deploy to a local AWS, send a File, print its receipt."""

import argparse
import os
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from infra.build.template_file import ROOT
from infra.command.errors import CommandError
from infra.command.signals import INTERRUPTED, install_signal_handlers
from infra.command.tcp_ports import LOOPBACK
from infra.command.terminal import print_line, timed_step
from infra.demo.blocked_reasons import find_reasons
from infra.demo.dns_failures import describe_unresolved, find_unresolved, without_dns_failures
from infra.demo.receipt_table import format_summary, format_table
from infra.demo.stored_object_check import Mismatch, check_failures, check_objects
from infra.demo.user_file import read_file
from infra.local.deploy_template import DeployedStack, relax_for_loopback, to_json_bytes
from infra.local.ministack import ignore_aws_profiles
from infra.local.start_stack import start_stack, stop_orphans
from infra.pictures.board import draw_pictures
from infra.pictures.picture_server import DELAY_SECONDS, serve_pictures

PICTURES = ROOT / ".local" / "demo"
FAILING = {"half.jpg": "invalid_image", "missing.png": "not_found"}
RECEIPT_STATUSES = {200, 207, 502}


def main() -> int:
    """Run the demo; return 0 if every image ended as expected, 130 after Ctrl-C, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="make demo", description="Send a File through image-intake.")
    parser.add_argument("file", nargs="?", type=Path, help="your own File, as JSON; its images are really downloaded")
    options = parser.parse_args()
    install_signal_handlers()
    ignore_aws_profiles()
    started_at = time.monotonic()
    try:
        _send_user_file(options.file) if options.file else _send_our_pictures()
    except (CommandError, Mismatch) as error:
        print_line()
        print(f"The demo failed. {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Nothing is left running.", file=sys.stderr, flush=True)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader has exited, as after `| head`
        return 1
    print_line(f"The demo took {time.monotonic() - started_at:.0f} seconds. Nothing is left running.")
    return 0


def _send_our_pictures() -> None:
    print_line("image-intake: a circuit board to inspect, its base images,", "bold")
    print_line("and two URLs that fail on purpose\n", "bold")
    with ExitStack() as on_exit:
        stop_orphans()
        with timed_step("Drawing the pictures"):
            pictures = _draw()
        port = on_exit.enter_context(serve_pictures(pictures))
        site = f"http://{LOOPBACK}:{port}"
        deployed = start_stack(on_exit, {"AllowedPorts": f"80,443,{port}"})
        # The parameters of the template do not allow loopback, where the pictures are served.
        relax_for_loopback(deployed, {"ALLOWED_NETWORKS": f"{LOOPBACK}/32"})
        print_line(f"\nThe origin responds after {DELAY_SECONDS * 1000:.0f} ms. POST /files, with a cold start:")
        body = _make_file(site, list(pictures))
        receipt = _send(deployed, body, show_hosts=False)
        check_failures(receipt, FAILING)
        check_objects(deployed, receipt, {f"{site}/{name}": content for name, content in pictures.items()})
        print_line("\nThe same File again:")
        _check_nothing_new(receipt, _send(deployed, body, show_hosts=False))
        print_line("\nNothing was stored twice.")
        print_line(f"The pictures are in {PICTURES.relative_to(ROOT)}. Can you find the three defects of inspect.jpg?")


def _draw() -> dict[str, bytes]:
    pictures = draw_pictures()
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, content in pictures.items():
        (PICTURES / name).write_bytes(content)
    return pictures


def _make_file(site: str, names: list[str]) -> bytes:
    bases = [name for name in names if name != "inspect.jpg"] + ["missing.png"]
    base_urls = [{"url": f"{site}/{name}"} for name in bases]
    return to_json_bytes({"id": "demo", "fileUrl": f"{site}/inspect.jpg", "baseUrls": base_urls})


def _check_nothing_new(first: Mapping[str, Any], second: Mapping[str, Any]) -> None:
    if second["counts"]["stored"] or second["objectKeys"] != first["objectKeys"]:
        raise Mismatch("The second request stored an object again, or returned other keys.")


def _send_user_file(path: Path) -> None:
    body = read_file(path)
    print_line(f"image-intake: {path}, downloaded from its real origins into a local S3\n", "bold")
    with ExitStack() as on_exit:
        stop_orphans()
        deployed = start_stack(on_exit, {})
        relax_for_loopback(deployed, {})
        receipt = _send(deployed, body, show_hosts=True)
        if receipt["status"] == "failed":  # correct, if every URL is bad
            print_line("\nNo image of this File was stored.")
        else:
            check_objects(deployed, receipt, {})


def _send(deployed: DeployedStack, body: bytes, *, show_hosts: bool) -> dict[str, Any]:
    """Send a File and print its receipt.

    Raises:
        CommandError: the response is not a receipt, or no host of the File could be resolved.
    """
    started_at = time.monotonic()
    response = deployed.call("POST", "/files", body)
    elapsed = (time.monotonic() - started_at) * 1000
    content: Any = response.json() if "json" in response.content_type else None
    if response.status not in RECEIPT_STATUSES or not isinstance(content, dict) or "images" not in content:
        raise CommandError(_describe_refusal(deployed, response.status, response.body, content))
    _print_images(deployed, content, show_hosts=show_hosts)
    print_line(f"\n  HTTP {response.status} after {elapsed:,.0f} ms. {format_summary(content)}")
    return content


def _print_images(deployed: DeployedStack, receipt: Mapping[str, Any], *, show_hosts: bool) -> None:
    images = receipt["images"]
    if unresolved := find_unresolved(images):
        images = without_dns_failures(images)
        if not images:
            raise CommandError(describe_unresolved(unresolved))
        print_line(f"\n{describe_unresolved(unresolved)}")
    reasons = find_reasons(deployed.read_log(), receipt["id"])
    print_line()
    print_line("\n".join(format_table(images, reasons, show_hosts=show_hosts)))
    if reasons:
        print_line("\n  Why a URL is blocked is in the log of the function. The receipt does not tell callers.")


def _describe_refusal(deployed: DeployedStack, status: int, body: bytes, content: object) -> str:
    faults = content.get("errors", ()) if isinstance(content, dict) else ()
    lines = [f"  {fault['path']}: {fault['message']}" for fault in faults]
    if not lines:
        logged = [f"  | {line[:400]}" for line in deployed.read_log()[-30:]]
        lines = [body.decode(errors="replace")[:2000], "The function logged:", *logged]
    return "\n".join([f"The API returned {status} and no receipt:", *lines])


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.exit(main())

"""`make demo [FILE=my-file.json]`: deploy to a local AWS, send a File, print its receipt.

With FILE, every setting of the service may be set by its name, as for `make run`.
"""

import argparse
import os
import sys
import time
from collections.abc import Collection, Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from infra.build.template_file import ROOT
from infra.command.errors import CommandError
from infra.command.signals import INTERRUPTED, install_signal_handlers
from infra.command.tcp_ports import LOOPBACK
from infra.command.terminal import print_line, timed_step
from infra.demo.blocked_reasons import find_reasons
from infra.demo.dns_failures import describe_unresolved, find_unresolved, without_dns_failures
from infra.demo.known_image_check import check_known, check_refreshed
from infra.demo.receipt_table import format_summary, format_table
from infra.demo.run_comparison import Run, Traffic, format_comparison
from infra.demo.settings import DemoSettings, require_settings
from infra.demo.stored_object_check import Mismatch, check_failures, check_objects
from infra.demo.user_file import read_file
from infra.local.deploy_template import DeployedStack, relax_for_loopback, to_json_bytes
from infra.local.ministack import ignore_aws_profiles
from infra.local.receipt_page import RECEIPT_STATUSES, write_page
from infra.local.start_stack import start_stack, stop_orphans
from infra.pictures.board import draw_pictures
from infra.pictures.picture_server import DELAY_SECONDS, OriginTraffic, serve_pictures
from infra.run.report import advise_on_blocked

PICTURES = ROOT / ".local" / "demo"
FAILING = {"half.jpg": "invalid_image", "missing.png": "not_found"}
PAGE = PICTURES / "receipt.html"
"""The page of the receipt. The pictures are in it, because the stack is gone at the end."""

USER_PAGES = PICTURES / "files"
"""The pages of the user's own Files, by their ids."""


def main() -> int:
    """Run the demo.

    Returns:
        0 if every image ended as expected: those of the user's own File are stored; 130 after Ctrl-C, 1 otherwise.
    """
    parser = argparse.ArgumentParser(prog="make demo", description="Send a File through image-intake.")
    parser.add_argument("file", nargs="?", type=Path, help="your own File, as JSON; its images are really downloaded")
    parser.add_argument("--given", default="", help="names of the variables that make was given")
    options = parser.parse_args()
    install_signal_handlers()
    ignore_aws_profiles()
    started_at = time.monotonic()
    try:
        require_settings(options.given.split(), has_file=options.file is not None)
        failed = 0
        if options.file:
            failed = _send_user_file(options.file)
        else:
            _send_our_pictures()
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
    return 1 if failed else 0


def _send_our_pictures() -> None:
    """Send the drawn pictures.

    Raises:
        Mismatch: an image did not end as expected.
    """
    print_line("image-intake: a circuit board to inspect, its base images,", "bold")
    print_line("and two URLs that fail on purpose\n", "bold")
    with ExitStack() as on_exit:
        stop_orphans()
        with timed_step("Drawing the pictures"):
            pictures = _draw()
        traffic = OriginTraffic()
        port = on_exit.enter_context(serve_pictures(pictures, traffic=traffic))
        site = f"http://{LOOPBACK}:{port}"
        deployed = start_stack(on_exit, {"AllowedPorts": f"80,443,{port}"})
        # The parameters of the template do not allow loopback, where the pictures are served.
        relax_for_loopback(deployed, {"ALLOWED_NETWORKS": f"{LOOPBACK}/32"})
        print_line(f"\nThe origin responds after {DELAY_SECONDS * 1000:.0f} ms. POST /files, with a cold start:")
        file = _make_file(site, list(pictures))
        first = _measure(deployed, traffic, file)
        _print_run(deployed, first, show_hosts=False)
        check_failures(first.receipt, FAILING)
        check_objects(deployed, first.receipt, {f"{site}/{name}": content for name, content in pictures.items()})
        write_page(deployed, first.receipt["id"], PAGE, embed=True)  # now: a later run has another receipt
        _send_again(deployed, traffic, file, first)
        _print_page(PAGE)
        print_line("Can you find the three defects of inspect.jpg?")


def _send_again(deployed: DeployedStack, origin: OriginTraffic, file: Mapping[str, Any], first: Run) -> None:
    """Send the File twice more, the last time with `refresh`, and print the three runs side by side."""
    print_line("\nThe same File again:")
    again = _measure(deployed, origin, file)
    _print_run(deployed, again, show_hosts=False)
    check_known(first, again)
    refreshed = _measure(deployed, origin, {**file, "refresh": True})
    check_refreshed(first, refreshed)
    _print_comparison({"first": first, "again": again, "refresh": refreshed})


def _print_comparison(runs: Mapping[str, Run]) -> None:
    print_line('\nThe origin and the local S3 counted both runs, and a third one with "refresh": true in the File:\n')
    print_line("\n".join(format_comparison(runs)))
    print_line(
        "\n  A damaged image is never known: half.jpg is downloaded each time. The first run has the cold start; the"
    )
    print_line("  third one is as warm as the second, and downloads everything.")
    print_line("\nNothing was stored twice. docs/known-images.md explains what the second run knew.")


def _measure(deployed: DeployedStack, origin: OriginTraffic, file: Mapping[str, Any]) -> Run:
    """Send a File, and count what the service requests meanwhile."""
    before = Traffic.until_now(origin, deployed.aws)
    run = _send(deployed, to_json_bytes(file))
    return replace(run, traffic=Traffic.until_now(origin, deployed.aws).since(before))


def _draw() -> dict[str, bytes]:
    pictures = draw_pictures()
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, content in pictures.items():
        (PICTURES / name).write_bytes(content)
    return pictures


def _make_file(site: str, names: list[str]) -> dict[str, Any]:
    bases = [name for name in names if name != "inspect.jpg"] + ["missing.png"]
    base_urls = [{"url": f"{site}/{name}"} for name in bases]
    return {"id": "demo", "fileUrl": f"{site}/inspect.jpg", "baseUrls": base_urls}


def _send_user_file(path: Path) -> int:
    """Send a File of the user, and return how many of its images failed."""
    settings = DemoSettings.from_environment()
    body = read_file(path, settings.limits.max_base_images)
    print_line(f"image-intake: {path}, downloaded from its real origins into a local S3\n", "bold")
    with ExitStack() as on_exit:
        stop_orphans()
        deployed = start_stack(on_exit, {"Verify": settings.verification})
        relax_for_loopback(deployed, settings.variables)
        run = _send(deployed, body)
        reasons = _print_run(deployed, run, show_hosts=True)
        return _finish_user_file(deployed, run.receipt, advise_on_blocked(reasons, settings.limits))


def _finish_user_file(deployed: DeployedStack, receipt: Mapping[str, Any], advice: str) -> int:
    """Check what is stored, write the page, say which images failed, and return how many."""
    failed, images = int(receipt["counts"]["failed"]), len(receipt["images"])
    if advice:
        print_line(f"  {advice}")
    if failed < images:
        check_objects(deployed, receipt, {})
    page = USER_PAGES / f"{receipt['id']}.html"
    write_page(deployed, receipt["id"], page, embed=True)
    _print_page(page)
    if failed:
        print_line(f"{_count_failed(failed, images)}. The page says what to do about each.", "yellow")
    return failed


def _count_failed(failed: int, images: int) -> str:
    if failed == images:
        return f"No image of this File is stored: all {images} images failed"
    return f"{failed} of {images} images failed"


def _print_page(page: Path) -> None:
    print_line(f"\nOpen {page.relative_to(ROOT)} in a browser to see the images side by side.")


def _send(deployed: DeployedStack, body: bytes) -> Run:
    """Send a File.

    Raises:
        CommandError: the response is not a receipt.
    """
    started_at = time.monotonic()
    response = deployed.call("POST", "/files", body)
    elapsed = (time.monotonic() - started_at) * 1000
    content: Any = response.json() if "json" in response.content_type else None
    if response.status not in RECEIPT_STATUSES or not isinstance(content, dict) or "images" not in content:
        raise CommandError(_describe_refusal(deployed, response.status, response.body, content))
    return Run(response.status, content, elapsed)


def _print_run(deployed: DeployedStack, run: Run, *, show_hosts: bool) -> Collection[str]:
    """Print the receipt of a run, and return why URLs were blocked.

    Raises:
        CommandError: no host of the File could be resolved.
    """
    reasons = _print_images(deployed, run.receipt, show_hosts=show_hosts)
    print_line(f"\n  HTTP {run.status} after {run.response_ms:,.0f} ms. {format_summary(run.receipt)}")
    return reasons


def _print_images(deployed: DeployedStack, receipt: Mapping[str, Any], *, show_hosts: bool) -> Collection[str]:
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
    return reasons.values()


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

"""`make demo [FILE=my-file.json]`: deploy to a local AWS, send a File through, show what came of it."""

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from infra.build import artifact
from infra.build.template import ROOT
from infra.command.process import LOOPBACK, LocalError, begin
from infra.command.terminal import say, step
from infra.demo.receipt_table import summary, table
from infra.demo.verify import Mismatch, compare, expect
from infra.local.deploy import Deployed, as_json, deploy, loosen
from infra.local.ministack import ministack
from infra.pictures.board import gallery
from infra.pictures.server import DELAY_SECONDS, origin
from intake.domain.file import File, InvalidFile
from intake.domain.limits import Limits
from intake.domain.manifest import NotJson, read_document

VENVS = ROOT / ".local"
PICTURES = ROOT / ".local" / "demo"
FAILING = {"half.jpg": "invalid_image", "missing.png": "not_found"}
RECEIPT_STATUSES = {200, 207, 502}


def main() -> int:
    """Run it; 0 if everything came out as it should."""
    parser = argparse.ArgumentParser(prog="make demo", description="Send a File through image-intake.")
    parser.add_argument("file", nargs="?", type=Path, help="a File of your own, as JSON; the real network")
    asked = parser.parse_args()
    begin()
    began = time.monotonic()
    try:
        if asked.file:
            _with_your_file(asked.file)
        else:
            _with_our_pictures()
    except (LocalError, Mismatch) as error:
        say()
        print(f"The demo failed. {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; nothing is left running.", file=sys.stderr, flush=True)
        return 130
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nobody reads on, as after `| head`
        return 1
    say(f"Everything that was started is stopped. {time.monotonic() - began:.0f} seconds in all.")
    return 0


def _with_our_pictures() -> None:
    say("image-intake: a circuit board to inspect, its base images, and two URLs that fail on purpose\n", "bold")
    with ExitStack() as stack:
        with step("Drawing the pictures"):
            pictures = gallery()
            PICTURES.mkdir(parents=True, exist_ok=True)
            for name, body in pictures.items():
                (PICTURES / name).write_bytes(body)
        port = stack.enter_context(origin(pictures))
        deployed = _up(stack, {"AllowedPorts": f"80,443,{port}"})
        # Loopback can never be allowed by the template; this is the one place that needs it.
        loosen(deployed, {"ALLOWED_NETWORKS": f"{LOOPBACK}/32"})
        site = f"http://{LOOPBACK}:{port}"
        say(f"\nThe origin takes {DELAY_SECONDS * 1000:.0f} ms for each answer. POST /files, cold start included:\n")
        bases = [name for name in pictures if name != "inspect.jpg"] + ["missing.png"]
        file = {"id": "demo", "fileUrl": f"{site}/inspect.jpg", "baseUrls": [{"url": f"{site}/{b}"} for b in bases]}
        receipt = _send(deployed, as_json(file))
        expect(receipt, FAILING)
        compare(deployed, receipt, {f"{site}/{name}": body for name, body in pictures.items()})
        say("\nThe same File once more:\n")
        again = _send(deployed, as_json(file))
        if again["counts"]["stored"] or again["objectKeys"] != receipt["objectKeys"]:
            raise Mismatch("The second run stored something anew, or under other keys.")
        say("\nNothing was stored twice.")
        say(f"The pictures are in {PICTURES.relative_to(ROOT)}; find the three defects of inspect.jpg.")


def _judged(path: Path) -> bytes:
    """Read a File and judge it as the service will, before minutes have gone into anything else.

    Raises:
        LocalError: it cannot be read, or is no File; with every fault.
    """
    try:
        body = path.read_bytes()
    except OSError as error:
        raise LocalError(f"{path} cannot be read: {error.strerror}.") from None
    try:
        File.parse(read_document(body), max_base_images=Limits().max_base_images)
    except NotJson as error:
        raise LocalError(f"{path} {error}.") from None
    except InvalidFile as error:
        raise LocalError("\n  ".join([f"{path} is not a valid File:", *map(str, error.faults)])) from None
    return body


def _with_your_file(path: Path) -> None:
    body = _judged(path)
    say(f"image-intake: {path}, fetched over the real network into a local S3\n", "bold")
    with ExitStack() as stack:
        deployed = _up(stack, {})
        loosen(deployed, {})
        say()
        receipt = _send(deployed, body)
        if receipt["status"] == "failed":  # as it has to be, where all URLs are bad
            say("\nNo image of this File was stored; the table says why.")
        else:
            compare(deployed, receipt, {})


def _up(stack: ExitStack, parameters: dict[str, str]) -> Deployed:
    home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="image-intake-")))
    sam, built, processor = VENVS / "sam" / "bin" / "sam", artifact.local_build(), artifact.machine()
    with artifact.reserved(built):
        with step(f"Building the artefact for {processor}"):
            artifact.build(processor, built, sam)
        with step("Starting the local AWS (MiniStack)"):
            aws = stack.enter_context(ministack(VENVS / "ministack", home))
        with step("Deploying template.yaml with sam"):
            return deploy(aws, built, sam, home, {"Architecture": processor, **parameters})


def _send(deployed: Deployed, body: bytes) -> dict[str, Any]:
    began = time.monotonic()
    answer = deployed.call("POST", "/files", body)
    took = (time.monotonic() - began) * 1000
    content: Any = answer.json() if "json" in answer.content_type else None
    if answer.status in RECEIPT_STATUSES and isinstance(content, dict) and "images" in content:
        say("\n".join(table(content)))
        say(f"\n  HTTP {answer.status} after {took:,.0f} ms. {summary(content)}")
        return content
    faults = content.get("errors", ()) if isinstance(content, dict) else ()
    words = [f"  {fault['path']}: {fault['message']}" for fault in faults]
    if not words:
        words = [answer.body.decode(errors="replace")[:2000], "The function logged:", deployed.logs()]
    raise LocalError("\n".join([f"The API answered {answer.status}, not with a receipt:", *words]))


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    sys.exit(main())

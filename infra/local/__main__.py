"""`python -m infra.local [--port 4566]`: our stack on a local AWS, with pictures to send through it, until Ctrl-C."""

import argparse
import json
import re
import shlex
import signal
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from infra import artefact
from infra.demo.origin import origin
from infra.demo.pictures import gallery
from infra.demo.screen import say, step
from infra.local.deploy import ROOT_USER, Deployed, deploy, loosen
from infra.local.ministack import REGION, ministack
from infra.local.process import LOOPBACK, LocalError, begin, require_port
from infra.local.sam import quiet
from infra.template import ROOT

VENVS = ROOT / ".local"
HERE = ROOT / ".local" / "up"
PORT = 4566
HIGHEST_PORT = 65535
AT_ONCE = "4"
"""Batches of a list: each is a process here, of 80 MB."""


def main() -> int:
    """Run it until Ctrl-C; 0 if it came up."""
    parser = argparse.ArgumentParser(prog="make up", description="image-intake on a local AWS, until Ctrl-C.")
    parser.add_argument("--port", default=str(PORT), help=f"of the local AWS, on loopback (default: {PORT})")
    asked = parser.parse_args()
    begin()
    try:
        with ExitStack() as stack:
            _up(stack, _port(asked.port))
            signal.pause()
    except LocalError as error:
        say()
        print(f"It did not come up. {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        say("\nStopped; nothing is left running, and what was stored is gone.")
    return 0


def _port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= HIGHEST_PORT:
        raise LocalError(f"PORT={text} is no port: it has to be a number from 1 to {HIGHEST_PORT}, such as {PORT}.")
    return int(text)


def _up(stack: ExitStack, port: int) -> None:
    home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="image-intake-")))
    sam, built, processor = VENVS / "sam" / "bin" / "sam", artefact.local_build(), artefact.machine()
    with artefact.reserved(built):
        require_port(port)  # now that it is our turn: another `make up` may just have come up on it
        with step(f"Building the artefact for {processor}"):
            artefact.build(processor, built, sam)
        with step("Drawing pictures"):
            pictures = gallery()
            site = f"http://{LOOPBACK}:{stack.enter_context(origin(pictures))}"
        with step(f"Starting the local AWS (MiniStack) on port {port}"):
            aws = stack.enter_context(ministack(VENVS / "ministack", home, port))
        with step("Deploying template.yaml with sam"):
            parameters = {
                "Architecture": processor,
                "AllowedPorts": f"80,443,{site.rpartition(':')[2]}",
                "BulkMaxConcurrency": AT_ONCE,
            }
            deployed = deploy(aws, built, sam, home, parameters)
            # Loopback can never be allowed by the template; the pictures are there.
            loosen(deployed, {"ALLOWED_NETWORKS": f"{LOOPBACK}/32"})
    HERE.mkdir(parents=True, exist_ok=True)
    (HERE / "env").write_text(_variables(deployed))
    _examples(site, list(pictures))
    _tell(deployed, site)


def _variables(deployed: Deployed) -> str:
    """What the commands of docs/try-it-locally.md need, for a shell to read."""
    given = {
        "AWS_ENDPOINT_URL": deployed.aws.endpoint,
        "AWS_ACCESS_KEY_ID": ROOT_USER.key,
        "AWS_SECRET_ACCESS_KEY": ROOT_USER.secret,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "API_URL": deployed.api_url,
        "INBOX_BUCKET": deployed.inbox,
        "IMAGE_BUCKET": deployed.bucket,
        "STATE_MACHINE_ARN": deployed.machine,
    }
    given |= quiet(HERE / "sam")  # `sam logs` asks nobody else
    exports = [f"export {name}={shlex.quote(value)}" for name, value in given.items()]
    return "\n".join(["unset AWS_SESSION_TOKEN AWS_PROFILE", *exports, ""])


def _examples(site: str, names: Sequence[str]) -> None:
    """Something for each door; one of the pictures is cut, one is not there."""
    urls = [f"{site}/{name}" for name in [*names, "missing.png"]]
    first, *bases = urls
    file: Mapping[str, object] = {"id": "by-curl", "fileUrl": first, "baseUrls": [{"url": url} for url in bases]}
    (HERE / "file.json").write_text(json.dumps(file))
    lines = [json.dumps({"id": f"lot-{n}", "urls": [url]}) for n, url in enumerate(urls, start=1)]
    (HERE / "lot.jsonl").write_text("\n".join(lines) + "\n")
    rows = [f"row-{n},{urls[n % len(urls)]}" for n in range(400)]
    (HERE / "list.csv").write_text("\n".join(["id,url", *rows]) + "\n")


def _tell(deployed: Deployed, site: str) -> None:
    say(f"\n  the local AWS   {deployed.aws.endpoint}")
    say(f"  the API         {deployed.api_url}")
    say(f"  inbox, images   {deployed.inbox}, {deployed.bucket}")
    say(f"  pictures        {site}/inspect.jpg and others; every address on the internet works too")
    say("\nIn another terminal, here:\n")
    where = HERE.relative_to(ROOT)
    say(f"  . {where}/env")
    say(f"  make bulk LIST={where}/list.csv ENDPOINT=$AWS_ENDPOINT_URL")
    say("  .local/sam/bin/sam logs --tail   # what the functions log")
    say("\nThe other doors: docs/try-it-locally.md. Ctrl-C stops it.")


if __name__ == "__main__":
    sys.exit(main())

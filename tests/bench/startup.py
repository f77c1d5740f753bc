"""How long a function takes to start, and to its first answer, for a File of three images.

    .venv/bin/python tests/bench/startup.py [--runs 10]

The artefact of `make build` in AWS's runtime emulator, beside two functions that sam builds as they come: one that
makes an S3 client and a logger, and the obvious rewrite. INIT is what the emulator reports as such: the start of
Python, the imports, and what the modules do. Every start has an environment of its own, in turns.
Writes .local/bench/startup.json, which report.py reads.
"""

import argparse
import json
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parents[1]), str(HERE.parents[2] / "functions")]

from infra import artefact  # noqa: E402 - the path comes first
from infra.local.process import LocalError, run  # noqa: E402
from infra.local.sam import quiet  # noqa: E402
from infra.template import ROOT, functions, load  # noqa: E402

from bench import results  # noqa: E402
from bench.cases import OURS  # noqa: E402
from bench.ground import BUCKET, Ground, open_ground  # noqa: E402
from support.runtime_emulator import lambda_environment  # noqa: E402

SAM = ROOT / ".local" / "sam" / "bin" / "sam"
STARTS = HERE.parent / "starts"
BUILT = ROOT / ".local" / "bench" / "starts"
_INIT = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)\)")
_WARM_UPS = 1


@dataclass(frozen=True, slots=True)
class Function:
    """Where a function's code is, what its handler is called, and the variables that are its own."""

    code: Path
    handler: str
    variables: dict[str, str]


def build() -> dict[str, Function]:
    """Build everything."""
    into = artefact.local_build()
    artefact.build(artefact.machine(), into, SAM)
    _build_others()
    ours = functions(load(into / "template.yaml"))["HttpFunction"]
    # The variables that are the same in every stack; the others are parameters.
    plain = {name: value for name, value in ours["Environment"]["Variables"].items() if isinstance(value, str)}
    return {
        OURS: Function(into / "HttpFunction", ours["Handler"], plain),
        "client_and_logger": Function(BUILT / "ClientAndLogger", "app.handler", {}),
        "obvious_rewrite": Function(BUILT / "ObviousRewrite", "app.handler", {}),
    }


def _build_others() -> None:
    BUILT.parent.mkdir(parents=True, exist_ok=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # sam looks there for the runtime's Python
    env = {**os.environ, "PATH": path, "AWS_DEFAULT_REGION": "us-east-1", **quiet(BUILT.parent / "sam")}
    command: list[str | Path] = [SAM, "build", "--template", STARTS / "template.yaml", "--build-dir", BUILT]
    run(command, env=env, cwd=BUILT.parent, log=BUILT.parent / "sam-build.log", doing="sam build")


def start(function: Function, ground: Ground, urls: list[str]) -> tuple[float, float]:
    """Start a function once: seconds of INIT, and seconds from the event to the answer, INIT in them."""
    variables = function.variables | {
        "AWS_ENDPOINT_URL_S3": ground.endpoint("http"),
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "IMAGE_BUCKET": BUCKET,
        "ALLOWED_NETWORKS": "127.0.0.0/8",
        "ALLOWED_PORTS": f"80,443,{ground.ports['origin_http']}",
    }
    with (
        tempfile.TemporaryDirectory() as home,
        lambda_environment(function.code, function.handler, Path(home), timeout=30, variables=variables) as started,
    ):
        answer = started.invoke(_event(urls))
        log = started.log.read_text()
        found = _INIT.search(log)
        if found is None or answer.json().get("statusCode") != 200:
            raise LocalError(f"{function.handler} did not start: {answer.body[:500]}\n{log[-2000:]}")
    return float(found[1]) / 1000, answer.seconds


def _event(urls: list[str]) -> dict[str, Any]:
    body = json.dumps({"urls": urls})
    request = {"httpMethod": "POST", "path": "/files", "headers": {}, "requestContext": {}, "isBase64Encoded": False}
    return {**request, "body": body}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--runs", type=int, default=10)
    asked = options.parse_args()
    with (
        artefact.reserved(artefact.local_build()),
        tempfile.TemporaryDirectory() as directory,
        open_ground(Path(directory)) as ground,
    ):
        built = build()
        starts: dict[str, dict[str, list[float]]] = {name: {"init": [], "cold": []} for name in built}
        urls = ground.urls("http", 150_000, 3)
        for turn in range(_WARM_UPS + asked.runs):
            for name, function in built.items():
                init, cold = start(function, ground, urls)
                if turn >= _WARM_UPS:
                    starts[name]["init"].append(init)
                    starts[name]["cold"].append(cold)
    results.save("startup", "starts", starts)
    print(results.starts_table(starts))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LocalError as error:
        sys.exit(f"bench: {error}")

"""Measures the time from a cold start to the first response, for a File of three images.

    .venv/bin/python tests/bench/cold_start.py [--runs 10]

The artifact of `make build` runs in AWS's runtime emulator, beside two functions built by plain `sam build`: one that
makes an S3 client and a logger, and the obvious rewrite. INIT is what the emulator reports: starting Python, importing
the modules and running them. The functions take turns, and each start has a new environment.
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

from infra.build import artifact  # noqa: E402 - the path comes first
from infra.build.sam_environment import offline_environment  # noqa: E402
from infra.build.template_file import ROOT, list_functions, load  # noqa: E402
from infra.command.child_process import run  # noqa: E402
from infra.command.errors import CommandError  # noqa: E402

from bench import documented_figures, results  # noqa: E402
from bench.cases import OURS  # noqa: E402
from bench.nginx_lab import BUCKET, NginxLab, open_lab  # noqa: E402
from support.runtime_emulator import lambda_environment  # noqa: E402

SAM = ROOT / ".local" / "sam" / "bin" / "sam"
FUNCTIONS = HERE.parent / "cold_start_functions"
BUILT = ROOT / ".local" / "bench" / "starts"
_INIT = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)\)")
_WARM_UPS = 1


@dataclass(frozen=True, slots=True)
class Function:
    """A built function: its code, its handler and its environment variables."""

    code: Path
    handler: str
    variables: dict[str, str]


def build() -> dict[str, Function]:
    """Build our artifact and the functions it is compared with; return them by name."""
    into = artifact.local_build_directory()
    artifact.build(artifact.local_architecture(), into, SAM)
    _build_others()
    ours = list_functions(load(into / "template.yaml"))["HttpFunction"]
    # Only the fixed variables: the others are parameters of the stack.
    plain = {name: value for name, value in ours["Environment"]["Variables"].items() if isinstance(value, str)}
    return {
        OURS: Function(into / "HttpFunction", ours["Handler"], plain),
        "client_and_logger": Function(BUILT / "ClientAndLogger", "app.handler", {}),
        "httpx_gather": Function(BUILT / "ObviousRewrite", "app.handler", {}),
    }


def _build_others() -> None:
    BUILT.parent.mkdir(parents=True, exist_ok=True)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"  # where sam looks for the runtime's Python
    env = {**os.environ, "PATH": path, "AWS_DEFAULT_REGION": "us-east-1", **offline_environment(BUILT.parent / "sam")}
    command: list[str | Path] = [SAM, "build", "--template", FUNCTIONS / "template.yaml", "--build-dir", BUILT]
    run(command, env=env, cwd=BUILT.parent, log=BUILT.parent / "sam-build.log", action="sam build")


def start(function: Function, lab: NginxLab, urls: list[str]) -> tuple[float, float]:
    """Start a function once; return the seconds of INIT, and the seconds from the event to the response with INIT."""
    variables = function.variables | {
        "AWS_ENDPOINT_URL_S3": lab.endpoint("http"),
        "AWS_ACCESS_KEY_ID": "bench",
        "AWS_SECRET_ACCESS_KEY": "bench",
        "AWS_REGION": "eu-central-1",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "IMAGE_BUCKET": BUCKET,
        "ALLOWED_NETWORKS": "127.0.0.0/8",
        "ALLOWED_PORTS": f"80,443,{lab.ports['origin_http']}",
    }
    with (
        tempfile.TemporaryDirectory() as home,
        lambda_environment(function.code, function.handler, Path(home), timeout=30, variables=variables) as started,
    ):
        response = started.invoke(_event(urls))
        log = started.log.read_text()
        found = _INIT.search(log)
        if found is None or response.json().get("statusCode") != 200:
            raise CommandError(f"{function.handler} did not start: {response.body[:500]}\n{log[-2000:]}")
    return float(found[1]) / 1000, response.seconds


def _event(urls: list[str]) -> dict[str, Any]:
    body = json.dumps({"urls": urls})
    request = {"httpMethod": "POST", "path": "/files", "headers": {}, "requestContext": {}, "isBase64Encoded": False}
    return {**request, "body": body}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--runs", type=int, default=10)
    asked = options.parse_args()
    with (
        artifact.build_lock(),
        tempfile.TemporaryDirectory() as directory,
        open_lab(Path(directory)) as lab,
    ):
        built = build()
        starts: dict[str, dict[str, list[float]]] = {name: {"init": [], "cold": []} for name in built}
        for turn in range(_WARM_UPS + asked.runs):
            urls = lab.new_urls("http", 150_000, 3)
            for name, function in built.items():
                init, cold = start(function, lab, urls)
                if turn >= _WARM_UPS:
                    starts[name]["init"].append(init)
                    starts[name]["cold"].append(cold)
    results.save("startup", "starts", starts)
    print(results.starts_table({name: documented_figures.of_starts(figures) for name, figures in starts.items()}))
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except CommandError as error:
        sys.exit(f"bench: {error}")

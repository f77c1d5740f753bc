"""AWS's Lambda runtime interface emulator and runtime client, run without Docker.

The emulator binary comes with the aws-sam-cli wheel; the client is the one of the real runtime.
"""

import json
import socket
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from infra.build import artifact
from infra.build.template import ROOT
from infra.command.child_process import read_tail, run_in_background
from infra.command.errors import CommandError
from infra.command.ports import LOOPBACK, find_free_port

EMULATORS = ".local/sam/lib/python3.13/site-packages/samcli/local/rapid"
CLIENT = ("awslambdaric", "runtime_client", "simplejson", "snapshot_restore_py")
START_SECONDS = 10.0

BOOTSTRAP = """#!{python} -ISB
import os, sys
sys.path.insert(0, {code!r})  # as in the runtime: the function's code first,
sys.path.append({client!r})  # the client last, and (-I, -S) no packages of this machine
os.chdir({code!r})
from awslambdaric.__main__ import main
main(sys.argv)
"""


@dataclass(frozen=True, slots=True)
class Invocation:
    """The result of one invocation.

    Attributes:
        body: the function's response, or the emulator's sentence that it timed out.
        seconds: the duration of the call.
    """

    body: str
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Environment:
    """One execution environment, for one invocation at a time.

    Attributes:
        url: receives the events.
        log: the output of the function and the emulator.
    """

    url: str
    log: Path

    def invoke(self, event: object) -> Invocation:
        request = urllib.request.Request(self.url, json.dumps(event).encode())  # noqa: S310 - our own URL
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        begin = time.monotonic()
        with opener.open(request, timeout=60) as response:
            body = response.read().decode()
        return Invocation(body, time.monotonic() - begin)


@contextmanager
def lambda_environment(
    code: Path, handler: str, home: Path, *, timeout: int, variables: Mapping[str, str]
) -> Iterator[Environment]:
    """Start an execution environment, and stop it at the end of the block.

    Args:
        code: the built artifact, or any directory with the handler's module.
        handler: the handler's name, as in the template.
        home: an empty directory.
        timeout: seconds after which the emulator ends an invocation.
        variables: the function's environment variables.
    """
    emulator = ROOT / EMULATORS / f"aws-lambda-rie-{artifact.machine()}"
    ports = find_free_port(), find_free_port()
    # The default ports may be in use by other programs.
    command: list[str | Path] = [emulator, "--log-level", "info"]
    command += ["--runtime-interface-emulator-address", f"{LOOPBACK}:{ports[0]}"]
    command += ["--runtime-api-address", f"{LOOPBACK}:{ports[1]}"]
    command += [_bootstrap(code, home), handler]
    variables_of_runtime = {
        "PATH": "/usr/bin:/bin",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "image-intake",
    }
    log = home / "emulator.log"
    with run_in_background(command, env=variables_of_runtime | dict(variables), cwd=home, log=log) as process:
        end = time.monotonic() + START_SECONDS
        while not _is_listening(ports[0]):
            if process.poll() is not None or time.monotonic() > end:
                raise CommandError(f"The emulator did not start:\n{read_tail(log)}")
            time.sleep(0.02)
        yield Environment(f"http://{LOOPBACK}:{ports[0]}/2015-03-31/functions/function/invocations", log)


def _bootstrap(code: Path, home: Path) -> Path:
    """Write the script that starts the runtime, with this Python, the function's code and a copy of the client."""
    client = home / "runtime"
    client.mkdir()
    for name in CLIENT:
        found = find_spec(name)
        assert found is not None
        assert found.origin is not None
        source = Path(found.origin)
        source = source.parent if source.name == "__init__.py" else source
        (client / source.name).symlink_to(source)
    script = home / "bootstrap"
    script.write_text(BOOTSTRAP.format(python=sys.executable, code=str(code.resolve()), client=str(client)))
    script.chmod(0o755)
    return script


def _is_listening(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0

"""A function's environment as Lambda makes it: AWS's own emulator and runtime interface client, without Docker.

The emulator stands in the wheel of sam, which puts it into its containers; the client is the one of the real runtime.
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
sys.path.insert(0, {code!r})  # as in the runtime: the code of the function first,
sys.path.append({client!r})  # the client last, and (-I, -S) no packages of this machine
os.chdir({code!r})
from awslambdaric.__main__ import main
main(sys.argv)
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one invocation came to.

    Attributes:
        body: as the emulator sent it: the function's answer, or a sentence that it was cut off.
        seconds: until it was there.
    """

    body: str
    seconds: float

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Environment:
    """One execution environment, for one invocation at a time.

    Attributes:
        url: where it takes events.
        log: what the function, and the emulator about it, say.
    """

    url: str
    log: Path

    def invoke(self, event: object) -> Answer:
        request = urllib.request.Request(self.url, json.dumps(event).encode())  # noqa: S310 - our own URL
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        begun = time.monotonic()
        with opener.open(request, timeout=60) as response:
            body = response.read().decode()
        return Answer(body, time.monotonic() - begun)


@contextmanager
def environment(
    code: Path, handler: str, home: Path, *, timeout: int, variables: Mapping[str, str]
) -> Iterator[Environment]:
    """An environment of its own, until the block is left.

    Args:
        code: the artefact, or any directory with the handler's module.
        handler: as the template names it.
        home: an empty directory.
        timeout: seconds; the emulator cuts the function off then.
        variables: the function's own.
    """
    emulator = ROOT / EMULATORS / f"aws-lambda-rie-{artifact.machine()}"
    ports = find_free_port(), find_free_port()
    # Both have defaults that other programs of this machine may use.
    command: list[str | Path] = [emulator, "--log-level", "info"]
    command += ["--runtime-interface-emulator-address", f"{LOOPBACK}:{ports[0]}"]
    command += ["--runtime-api-address", f"{LOOPBACK}:{ports[1]}"]
    command += [_bootstrap(code, home), handler]
    own = {
        "PATH": "/usr/bin:/bin",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "image-intake",
    }
    log = home / "emulator.log"
    with run_in_background(command, env=own | dict(variables), cwd=home, log=log) as process:
        until = time.monotonic() + START_SECONDS
        while not _listens(ports[0]):
            if process.poll() is not None or time.monotonic() > until:
                raise CommandError(f"The emulator did not start:\n{read_tail(log)}")
            time.sleep(0.02)
        yield Environment(f"http://{LOOPBACK}:{ports[0]}/2015-03-31/functions/function/invocations", log)


def _bootstrap(code: Path, home: Path) -> Path:
    """What starts the runtime: our Python, the function's code, and the client in a directory of its own."""
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


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0

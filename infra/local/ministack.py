"""MiniStack: an AWS in one process, on loopback, with its data in a directory that is thrown away.

It checks signatures and policies (AUTH), so what the template grants is what the functions can do; `rights.py` has it
check the roles by which services act, too.
"""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import boto3

from infra.build.template import ROOT
from infra.command.process import LOOPBACK, LocalError, free_port, require_port, running, tail

REGION = "us-east-1"
ROOT_KEY = "local-root"
ROOT_SECRET = "local-root-secret"  # noqa: S105 - opens a program that lives for a minute, on loopback
START_SECONDS = 30.0

Service = Literal["s3", "lambda", "iam", "cloudformation", "logs", "sqs", "stepfunctions"]

_START = f"import sys; sys.path.append({str(ROOT)!r}); from infra.local.ministack_patches.start import main; main()"


@dataclass(frozen=True, slots=True)
class MiniStack:
    """One that runs.

    Attributes:
        endpoint: where every service of it answers, for `AWS_ENDPOINT_URL`.
        log: what it and the functions in it say.
    """

    endpoint: str
    log: Path

    def client(self, service: Service) -> Any:  # noqa: ANN401 - boto3 makes its classes as it runs
        """A boto3 client with every right; its calls pass for calls over TLS, as the policies of the template want."""
        client = boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=ROOT_KEY,
            aws_secret_access_key=ROOT_SECRET,
        )
        client.meta.events.register("before-send", _pass_for_tls)
        return client


def _pass_for_tls(request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's request
    request.headers["X-Forwarded-Proto"] = "https"  # after the signature, as a proxy would add it


def environment(home: Path, path: str) -> dict[str, str]:
    """Nothing of the user's own AWS settings, proxies or secrets; temporary files where they get removed."""
    temporary = home / "tmp"
    temporary.mkdir(parents=True, exist_ok=True)
    return {
        "PATH": path,
        "HOME": str(home),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "AWS_ACCESS_KEY_ID": ROOT_KEY,
        "AWS_SECRET_ACCESS_KEY": ROOT_SECRET,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@contextmanager
def ministack(venv: Path, home: Path, port: int | None = None) -> Iterator[MiniStack]:
    """Start it, wait until it answers, stop it at the end.

    Args:
        venv: the environment it is installed in; functions run on the same interpreter.
        home: an empty directory for its data, its log and its temporary files.
        port: where it answers; any that is free if left out.

    Raises:
        LocalError: it did not come up.
    """
    port = port or free_port()
    require_port(port)  # whoever else listens there would be taken for it
    log = home / "ministack.log"
    env = environment(home, f"{venv / 'bin'}:/usr/bin:/bin") | {
        "BIND_HOST": LOOPBACK,  # it listens on every interface otherwise
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": LOOPBACK,
        "MINISTACK_REGION": REGION,
        "AUTH": "true",
        "S3_PERSIST": "1",  # objects on disk, not in memory
        "S3_DATA_DIR": str(home / "s3"),
        "STATE_DIR": str(home / "state"),
        "DOCKER_HOST": f"unix://{home}/no-docker.sock",  # it looks for containers to clean up otherwise
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.2",  # Lambda's own is a minute
        "PYTHONUNBUFFERED": "1",
    }
    with running([venv / "bin" / "python", "-c", _START], env=env, cwd=home, log=log) as process:
        started = MiniStack(endpoint=f"http://{LOOPBACK}:{port}", log=log)
        _wait(started, port, process)
        yield started


def _wait(started: MiniStack, port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise LocalError(f"MiniStack did not start:\n{tail(started.log)}")

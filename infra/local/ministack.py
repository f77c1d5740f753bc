"""Runs MiniStack: AWS services in one process on loopback, with their data in a temporary directory.

With AUTH it checks signatures and policies, so that a function can do only what the template grants. With the patches
it checks the roles of services too.
"""

import os
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import boto3

from infra.build.template_file import ROOT
from infra.command.child_process import read_tail, run_in_background
from infra.command.errors import CommandError
from infra.command.tcp_ports import LOOPBACK, find_free_port, require_free_port
from infra.local.ministack_patches.s3_requests import count_requests

REGION = "us-east-1"
ROOT_KEY = "local-root"
ROOT_SECRET = "local-root-secret"  # noqa: S105 - only this process on loopback accepts it
START_SECONDS = 30.0

Service = Literal[
    "s3",
    "lambda",
    "iam",
    "cloudformation",
    "events",
    "logs",
    "sns",
    "sqs",
    "stepfunctions",
    "kms",
    "ec2",
    "apigateway",
    "cloudwatch",
    "secretsmanager",
]

_START = f"import sys; sys.path.append({str(ROOT)!r}); from infra.local.ministack_patches.start import main; main()"


@dataclass(frozen=True, slots=True)
class MiniStack:
    """A running MiniStack.

    Attributes:
        endpoint: the URL of all its services, for `AWS_ENDPOINT_URL`.
        log: the output of MiniStack and of the functions that it runs.
    """

    endpoint: str
    log: Path

    @property
    def session(self) -> boto3.Session:
        """The credentials of the account's root user, and the region."""
        return boto3.Session(ROOT_KEY, ROOT_SECRET, region_name=REGION)

    def client(self, service: Service) -> Any:  # noqa: ANN401 - boto3 makes its classes as it runs
        """Create a boto3 client with the credentials of the account's root user."""
        client = boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=ROOT_KEY,
            aws_secret_access_key=ROOT_SECRET,
        )
        client.meta.events.register("before-send", _mark_as_tls)
        return client

    def count_s3_requests(self) -> Counter[str]:
        """Return the number of requests to S3 since the start, by method and first part of the key: "PUT images"."""
        return count_requests(self.log.read_text(errors="replace"))


def _mark_as_tls(request: Any, **_: object) -> None:  # noqa: ANN401 - botocore's request
    """Mark the request as HTTPS, because the bucket policies of the template deny plain HTTP."""
    request.headers["X-Forwarded-Proto"] = "https"  # after signing, as a proxy would add it


def ignore_aws_profiles() -> None:
    """Keep boto3 from reading a profile of the user's AWS configuration, which may not even exist."""
    for name in ("AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        os.environ.pop(name, None)


def local_environment(home: Path, path: str) -> dict[str, str]:
    """Return the environment of a child process: its own HOME and TMPDIR, no AWS settings or proxies of the user."""
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
    """Start MiniStack, wait until it listens, and stop it when the block ends.

    Args:
        venv: the virtual environment of MiniStack. The functions run with its interpreter too.
        home: an empty directory for its data, its log and its temporary files.
        port: the port to listen on; a free port if None.

    Raises:
        CommandError: the port is in use, or MiniStack did not start.
    """
    port = port or find_free_port()
    require_free_port(port)  # a server that listens there would be mistaken for MiniStack
    log = home / "ministack.log"
    env = local_environment(home, f"{venv / 'bin'}:/usr/bin:/bin") | {
        "BIND_HOST": LOOPBACK,  # the default is every interface
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": LOOPBACK,
        "MINISTACK_REGION": REGION,
        "AUTH": "true",
        "S3_PERSIST": "1",  # objects on disk, not in memory
        "S3_DATA_DIR": str(home / "s3"),
        "STATE_DIR": str(home / "state"),
        "DOCKER_HOST": f"unix://{home}/no-docker.sock",  # does not exist, so that it removes no containers
        "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.2",  # a minute on AWS
        "PYTHONUNBUFFERED": "1",
    }
    command: list[str | Path] = [venv / "bin" / "python", "-c", _START]
    with run_in_background(command, env=env, cwd=home, log=log, name="MiniStack", port=port) as process:
        started = MiniStack(endpoint=f"http://{LOOPBACK}:{port}", log=log)
        _wait_until_it_listens(started, port, process)
        yield started


def _wait_until_it_listens(started: MiniStack, port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((LOOPBACK, port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise CommandError(f"MiniStack did not start:\n{read_tail(started.log)}")

"""Runs shell commands of the documentation, with the AWS CLI, against the local AWS."""

import re
import subprocess
from pathlib import Path

import pytest
from infra.build.template_file import ROOT
from infra.local.ministack import local_environment

from support.deployed_lab import VENVS, Lab

BIN = VENVS / "aws-cli" / "bin"
# Version 1 of the AWS CLI ignores AWS_ENDPOINT_URL for SQS.
USE_ENDPOINT = 'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }\n'
# A request to another host than this machine's fails at once.
_NO_NETWORK = {"HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1", "NO_PROXY": "127.0.0.1"}


def read_commands(page: str) -> list[str]:
    """Return the shell commands of a page of the documentation, in order."""
    return re.findall(r"^```sh\n(.*?)^```", (ROOT / "docs" / page).read_text(), re.DOTALL | re.MULTILINE)


def run_shell(lab: Lab, script: str, directory: Path, **variables: str) -> str:
    """Run a script as a user types it, and return what it prints.

    Args:
        lab: the deployed stack.
        script: commands; the first that fails ends it.
        directory: the working directory, and HOME.
        variables: those that the page expects.
    """
    if not (BIN / "aws").exists():
        pytest.fail("The AWS CLI is not installed: run `make install`, or `make test` for everything.")
    environment = local_environment(directory, f"{BIN}:/usr/bin:/bin") | _NO_NETWORK | variables
    environment["AWS_ENDPOINT_URL"] = lab.stack.aws.endpoint
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", USE_ENDPOINT + script],
        cwd=directory,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout

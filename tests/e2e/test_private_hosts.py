"""A host with a secret works through every function, and fails with the right code without the right to read it.

MiniStack checks each call against the role of the function. The stack runs in a network of its own, where the host has
the real port 443.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from infra.build import artifact
from infra.build.template_file import ROOT

from support.aws_cli import read_commands, run_shell
from support.deployed_lab import SAM, Lab, require_sam
from support.private_host_stack import CANARY, ROLES


@pytest.fixture(scope="module")
def results() -> dict[str, Any]:
    """Build, and run the program in a namespace, which has no network to build in."""
    require_sam()
    with artifact.build_lock():
        artifact.build(artifact.local_architecture(), artifact.local_build_directory(), SAM)
    as_root = [] if os.geteuid() == 0 else ["--map-root-user"]
    command = ["unshare", *as_root, "--net", "--mount", sys.executable, "-m", "support.private_host_stack"]
    path = os.pathsep.join(map(str, (ROOT / "functions", ROOT / "tests", ROOT)))
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "PYTHONPATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.fail(f"The network namespace failed: {' '.join(command)}\n{done.stderr}", pytrace=False)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("role", ROLES)
def test_function_fetches_an_image_of_a_private_host(role: str, results: dict[str, Any]) -> None:
    assert results["with"][role] == ["fetched", "fetched"]


@pytest.mark.parametrize("role", ROLES)
def test_only_the_private_host_fails_without_the_right_to_read_the_secret(role: str, results: dict[str, Any]) -> None:
    assert results["without"][role] == ["credentials_unavailable", "fetched"]


def test_host_receives_its_header_and_no_request_without_it(results: dict[str, Any]) -> None:
    """A manifest starts its function too, besides the call of the test."""
    assert set(results["requests"]) == {CANARY}
    assert len(results["requests"]) >= len(ROLES)


def test_log_names_the_missing_right_and_not_the_secret(results: dict[str, Any]) -> None:
    text = results["log"] + "".join(results["receipts"])
    assert "secretsmanager:GetSecretValue" in text
    assert CANARY not in text


def test_commands_of_the_page_create_the_secret_and_change_it(deployed: Lab, tmp_path: Path) -> None:
    commands = [each for each in read_commands("private-origins.md") if "secretsmanager" in each]
    [create, change] = [each for each in commands if "aws " in each]
    client = deployed.stack.aws.client("secretsmanager")

    arn = run_shell(deployed, create, tmp_path).strip()
    assert "photos.example" in json.loads(client.get_secret_value(SecretId=arn)["SecretString"])
    (tmp_path / "image-hosts.json").write_text('{"new.example": {"bearer": "t"}}')
    run_shell(deployed, change, tmp_path)
    assert "new.example" in json.loads(client.get_secret_value(SecretId=arn)["SecretString"])

"""Runs the commands of docs/sam-local.md: the build, an S3 server, a server for pictures, and the API."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from infra.build.template_file import ROOT
from infra.pictures.board import draw_pictures

from support.sam_local import documented_commands
from support.sam_local.lab import SamLocalLab
from support.sam_local.shell import Shell, is_listening, missing_requirement, port_in_use

PICTURES = ROOT / ".local" / "demo"


@pytest.fixture(scope="session")
def commands() -> documented_commands.Page:
    return documented_commands.read()


@pytest.fixture(scope="session")
def shell(commands: documented_commands.Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A shell. The test run ends, with the reason, if this machine lacks a requirement."""
    if sentence := missing_requirement():
        pytest.exit(f"make local: {sentence} See docs/sam-local.md.", returncode=1)
    before = containers()
    shell = Shell.clean(tmp_path_factory.mktemp("terminal"))
    if sentence := port_in_use(host_address(shell, commands)):
        pytest.exit(f"make local: {sentence}", returncode=1)
    yield shell
    assert containers() <= before, "sam left containers behind"


@pytest.fixture(scope="session")
def lab(commands: documented_commands.Page, shell: Shell) -> Iterator[SamLocalLab]:
    """The built functions, the buckets and the served pictures."""
    shell.run(commands.block("Build"))
    pictures = draw_pictures()
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, body in pictures.items():
        (PICTURES / name).write_bytes(body)
    host = host_address(shell, commands)
    s3 = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:8333",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local-secret",
    )
    lab = SamLocalLab(shell, commands.block("Set the environment"), s3, pictures)

    def has_buckets() -> bool:
        try:
            return {"images", "inbox"} <= {found["Name"] for found in s3.list_buckets()["Buckets"]}
        except (BotoCoreError, ClientError):
            return False

    with (
        shell.running(commands.block("Start an S3 server"), "s3", has_buckets),
        shell.running(commands.block("Serve pictures"), "pictures", lambda: is_listening(host, 8000)),
    ):
        yield lab


@pytest.fixture(autouse=True)
def _empty_buckets(lab: SamLocalLab) -> None:
    lab.empty()


@pytest.fixture(scope="session")
def api(commands: documented_commands.Page, lab: SamLocalLab) -> Iterator[Path]:
    """The log of the API, which runs on the page's port."""
    start, *_ = commands.blocks["Call the API"]
    with lab.shell.running(lab.exports + start, "api", lambda: is_listening("127.0.0.1", 3000)) as log:
        yield log


def host_address(shell: Shell, commands: documented_commands.Page) -> str:
    """Return the address at which containers reach this machine, found with the page's command."""
    found, _, _ = commands.block("Start an S3 server").partition("\n")
    host = shell.run(f'{found}\necho "$HOST_ADDRESS"').strip()
    if not host:
        pytest.exit(
            "make local: there is no docker0, from which docs/sam-local.md takes this machine's address.", returncode=1
        )
    return host


def containers() -> set[str]:
    """List the containers of sam."""
    command = ["docker", "ps", "--all", "--quiet", "--filter", "label=sam.cli.container.type=lambda"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())

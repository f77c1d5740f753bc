"""What the page tells to type, typed: the build, the S3, the pictures, and a terminal with the exports."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from infra.demo.pictures import gallery
from infra.template import ROOT

from support.sam_local import page
from support.sam_local.lab import Ground
from support.sam_local.shell import Shell, lacking, listens, taken

PICTURES = ROOT / ".local" / "demo"


@pytest.fixture(scope="session")
def typed() -> page.Page:
    return page.read()


@pytest.fixture(scope="session")
def shell(typed: page.Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """A terminal on a machine that can do it; one that cannot ends the run, with the reason and nothing else."""
    if sentence := lacking():
        pytest.exit(f"make local: {sentence} See docs/sam-local.md.", returncode=1)
    before = containers()
    made = Shell.clean(tmp_path_factory.mktemp("terminal"))
    if sentence := taken(address(made, typed)):
        pytest.exit(f"make local: {sentence}", returncode=1)
    yield made
    assert containers() <= before, "sam left containers behind"


@pytest.fixture(scope="session")
def ground(typed: page.Page, shell: Shell) -> Iterator[Ground]:
    """Functions built, buckets empty, pictures served."""
    shell.run(typed.block("Build"))
    pictures = gallery()
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, body in pictures.items():
        (PICTURES / name).write_bytes(body)
    host = address(shell, typed)
    s3 = boto3.client(
        "s3",
        endpoint_url=f"http://{host}:8333",
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local-secret",
    )
    made = Ground(shell, typed.block("Set the environment"), s3, pictures)

    def has_buckets() -> bool:
        try:
            return {"images", "inbox"} <= {found["Name"] for found in s3.list_buckets()["Buckets"]}
        except (BotoCoreError, ClientError):
            return False

    with (
        shell.beside(typed.block("Start an S3 server"), "s3", has_buckets),
        shell.beside(typed.block("Serve pictures"), "pictures", lambda: listens(host, 8000)),
    ):
        yield made


@pytest.fixture(autouse=True)
def _empty_buckets(ground: Ground) -> None:
    ground.empty()


@pytest.fixture(scope="session")
def api(typed: page.Page, ground: Ground) -> Iterator[Path]:
    """The API, on the port that the page names; its log."""
    start, *_ = typed.blocks["Call the API"]
    with ground.shell.beside(ground.exports + start, "api", lambda: listens("127.0.0.1", 3000)) as log:
        yield log


def address(shell: Shell, typed: page.Page) -> str:
    """Where containers reach this machine, as the page finds it."""
    found, _, _ = typed.block("Start an S3 server").partition("\n")
    host = shell.run(f'{found}\necho "$HOST_ADDRESS"').strip()
    if not host:
        pytest.exit("make local: there is no docker0, by which docs/sam-local.md finds this machine.", returncode=1)
    return host


def containers() -> set[str]:
    """Those of sam."""
    command = ["docker", "ps", "--all", "--quiet", "--filter", "label=sam.cli.container.type=lambda"]
    return set(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())

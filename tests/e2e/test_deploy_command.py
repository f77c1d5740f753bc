"""`make deploy` as a user types it: what it checks before it builds, and what it passes to sam."""

import os
import re
import subprocess
from pathlib import Path

import pytest
from infra.build import artifact
from infra.build.template_file import ROOT
from infra.local.deploy_template import ROOT_USER, STACK
from infra.local.ministack import REGION, MiniStack, ministack

from support.deployed_lab import VENVS, Lab

ACCOUNT_PAGE = (ROOT / "docs" / "your-account.md").read_text()
RECORDER = """#!/bin/sh
if [ "$1" = deploy ]; then printf '%s\\n' "$@" >"{record}"; else exec "{sam}" "$@"; fi
"""


def deploy(*variables: str, env: dict[str, str], answer: str = "") -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {"AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent"} | env
    return subprocess.run(
        ["make", "-s", "deploy", *variables],
        cwd=ROOT,
        env=environment,
        input=answer,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_deploy_creates_the_stack_when_the_user_confirms_what_it_will_change(tmp_path: Path) -> None:
    """By sam itself, with the defaults of samconfig.toml: it makes a bucket for the code, and asks before it deploys.

    A second deployment keeps the parameters that it does not name, and empties one as docs/your-account.md shows.
    """
    with ministack(VENVS / "ministack", tmp_path) as aws:
        _deploy_twice(aws)


def _deploy_twice(aws: MiniStack) -> None:
    env = {"AWS_ENDPOINT_URL": aws.endpoint, "AWS_REGION": REGION}
    env |= {"AWS_ACCESS_KEY_ID": ROOT_USER.key, "AWS_SECRET_ACCESS_KEY": ROOT_USER.secret}
    build, processor = artifact.local_build_directory(), artifact.local_architecture()
    options = ("STACK=dev", f"BUILD={build}", f"ARCH={processor}")
    cloudformation = aws.client("cloudformation")
    [emptied] = re.findall(r"make deploy (PARAMETERS)='KmsKeyArn(=.*?)'", ACCOUNT_PAGE)

    def describe() -> tuple[str, dict[str, str]]:
        [stack] = cloudformation.describe_stacks(StackName="dev")["Stacks"]
        return stack["StackStatus"], {each["ParameterKey"]: each["ParameterValue"] for each in stack["Parameters"]}

    first = "PARAMETERS=MaxPerOrigin=8 Contact=ops@example.com"
    refused = deploy(*options, first, env=env, answer="n\n")
    assert "Deploy this changeset?" in refused.stdout, refused.stdout + refused.stderr
    assert describe()[0] == "REVIEW_IN_PROGRESS"

    done = deploy(*options, first, env=env, answer="y\n")
    assert done.returncode == 0, done.stdout + done.stderr
    status, given = describe()
    assert (status, given["MaxPerOrigin"], given["Contact"]) == ("CREATE_COMPLETE", "8", "ops@example.com")

    again = deploy(*options, f"{emptied[0]}=Contact{emptied[1]}", env=env, answer="y\n")
    assert again.returncode == 0, again.stdout + again.stderr
    status, given = describe()
    assert (status, given["MaxPerOrigin"], given["Contact"]) == ("UPDATE_COMPLETE", "8", "")


def test_deploy_passes_the_stack_name_and_the_build_to_sam(deployed: Lab, tmp_path: Path) -> None:
    """A recorder stands in for `sam deploy`; sam itself builds."""
    sam, record = tmp_path / "sam", tmp_path / "arguments"
    build, processor = artifact.local_build_directory(), artifact.local_architecture()
    sam.write_text(RECORDER.format(record=record, sam=VENVS / "sam" / "bin" / "sam"))
    sam.chmod(0o755)
    credentials = {"AWS_ACCESS_KEY_ID": ROOT_USER.key, "AWS_SECRET_ACCESS_KEY": ROOT_USER.secret}

    done = deploy(
        "STACK=dev",
        "PARAMETERS=MaxPerOrigin=8 Contact=ops@example.com",
        f"SAM={sam}",
        f"BUILD={build}",
        f"ARCH={processor}",
        env={"AWS_ENDPOINT_URL": deployed.stack.aws.endpoint, "AWS_REGION": REGION} | credentials,
    )

    assert (done.returncode, done.stderr) == (0, "")
    first, second, *_ = done.stdout.splitlines()
    assert first.startswith("Deploying the stack dev to account ")
    assert f", {REGION}, as arn:" in first
    assert second.startswith(f"Building for {processor}")
    arguments = record.read_text().splitlines()
    options = dict(zip(arguments[1:9:2], arguments[2:10:2], strict=True))
    assert options == {
        "--config-file": str(ROOT / "samconfig.toml"),  # sam would look for it beside the built template
        "--template-file": f"{build}/template.yaml",
        "--stack-name": "dev",
        "--s3-prefix": "dev",
    }
    assert arguments[9:] == [
        "--parameter-overrides",
        f"Architecture={processor}",
        "Verify=structure",
        "MaxPerOrigin=8",
        "Contact=ops@example.com",
    ]


def test_deploy_refuses_the_topic_for_a_new_stack_and_passes_it_on_for_another(deployed: Lab, tmp_path: Path) -> None:
    """Neither is deployed: the first is refused, and for the second, the build fails with a program in place of sam."""
    sam = tmp_path / "sam"
    sam.write_text("#!/bin/sh\nexit 3\n")
    sam.chmod(0o755)
    env = {"AWS_ENDPOINT_URL": deployed.stack.aws.endpoint, "AWS_REGION": REGION}
    env |= {"AWS_ACCESS_KEY_ID": ROOT_USER.key, "AWS_SECRET_ACCESS_KEY": ROOT_USER.secret}
    options = ["PARAMETERS=MaxPerOrigin=8 ReceiptTopic=on", f"SAM={sam}", f"BUILD={tmp_path / 'build'}"]

    new, existing = (deploy(f"STACK={stack}", *options, env=env) for stack in ("dev", STACK))

    assert new.stderr.startswith(
        "make deploy: ReceiptTopic=on needs the policy of the topic, which the stack dev does not"
    )
    assert "Nothing was built or deployed.\n" in new.stderr
    assert new.stdout == ""
    assert existing.stdout.startswith(f"Deploying the stack {STACK} to account ")
    assert "ReceiptTopic" not in existing.stderr


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, "make deploy: No AWS region is set."),
        ({"AWS_REGION": "eu-central-1"}, "make deploy: No AWS credentials were found."),
    ],
)
def test_deploy_builds_nothing_without_region_or_credentials(
    tmp_path: Path, env: dict[str, str], expected: str
) -> None:
    done = deploy("STACK=dev", f"BUILD={tmp_path / 'build'}", env=env)

    assert done.returncode != 0
    assert done.stderr.startswith(expected)
    assert "Nothing was built or deployed.\n" in done.stderr
    assert done.stdout == ""
    assert list(tmp_path.iterdir()) == []

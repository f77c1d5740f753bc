"""What the README tells to type does what the README says."""

import json
import os
import re
import subprocess
from pathlib import Path

from infra.local.deploy import ROOT_USER
from infra.local.ministack import REGION

from support.deployed_lab import Lab

README = Path(__file__).parents[2] / "README.md"
SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_the_signed_curl_of_the_readme_gets_a_receipt(deployed: Lab) -> None:
    [command] = [block for block in SHELL.findall(README.read_text()) if block.startswith("curl")]
    command = command.replace("https://images.example/a.jpg", deployed.url("inspect.jpg"))
    environment = os.environ | {
        "API_URL": deployed.stack.api_url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ROOT_USER.key,
        "AWS_SECRET_ACCESS_KEY": ROOT_USER.secret,
        "AWS_SESSION_TOKEN": "",
    }
    answer = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout)["status"] == "stored"

"""The signed curl command of docs/files-and-receipts.md works against the deployed API."""

import json
import os
import re
import subprocess
from pathlib import Path

from infra.local.deploy import ROOT_USER
from infra.local.ministack import REGION

from support.deployed_lab import Lab

PAGE = Path(__file__).parents[2] / "docs" / "files-and-receipts.md"
SHELL = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_signed_curl_of_the_page_returns_a_receipt(deployed: Lab) -> None:
    [command] = [block for block in SHELL.findall(PAGE.read_text()) if block.startswith("curl")]
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

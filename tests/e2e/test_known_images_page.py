"""docs/known-images.md: the Files of the page have the sources that it says, in its order, on the deployed stack."""

import hashlib
import json
import os
import re
import subprocess
from typing import Any

from infra.build.template_file import ROOT
from infra.local.deploy_template import ROOT_USER
from infra.local.ministack import REGION

from support.deployed_lab import Lab

PAGE = (ROOT / "docs" / "known-images.md").read_text()
[CURL] = re.findall(r"^```sh\n(curl.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
REFRESH, BY_DIGEST = (json.loads(text) for text in re.findall(r"^```json\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE))
SITE = "https://images.example"


def sources(receipt: dict[str, Any]) -> list[str]:
    return [image["source"] for image in receipt["images"]]


def run_curl(lab: Lab, run: str) -> dict[str, Any]:
    """Run the command of the page; its URLs get a query, so that no other test has downloaded them."""
    command = re.sub(rf'{SITE}/([\w.]+)"', rf'{lab.site}/\1?{run}"', CURL)
    environment = os.environ | {
        "API_URL": lab.stack.api_url,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ROOT_USER.key,
        "AWS_SECRET_ACCESS_KEY": ROOT_USER.secret,
        "AWS_SESSION_TOKEN": "",
    }
    answer = subprocess.run(["bash", "-c", command], env=environment, capture_output=True, text=True, check=True)
    receipt: dict[str, Any] = json.loads(answer.stdout)
    return receipt


def post(lab: Lab, file: dict[str, Any], run: str) -> dict[str, Any]:
    text = re.sub(rf'{SITE}/([\w.]+)"', rf'{lab.site}/\1?{run}"', json.dumps(file))
    receipt: dict[str, Any] = lab.stack.call("POST", "/files", text.encode()).json()
    return receipt


def test_files_of_the_page_have_the_sources_that_it_says(deployed: Lab) -> None:
    assert sources(run_curl(deployed, "page")) == ["fetched", "fetched"]
    assert sources(run_curl(deployed, "page")) == ["unchanged", "unchanged"]
    assert sources(post(deployed, REFRESH, "page")) == ["fetched", "fetched"]


def test_expected_digest_of_the_page_is_known_without_a_request(deployed: Lab) -> None:
    digest = hashlib.sha256(deployed.pictures["golden.png"]).hexdigest()
    file = {"urls": [item | {"sha256": digest} for item in BY_DIGEST["urls"]]}
    post(deployed, file, "first")
    requests = deployed.traffic.responses.total()

    assert sources(post(deployed, file, "second")) == ["known"]
    assert deployed.traffic.responses.total() == requests

"""`make demo FILE=...`: what it prints of a File of the user's own."""

import re

import pytest
from infra.demo import __main__ as demo
from infra.local.deploy_template import to_json_bytes

from support.deployed_lab import Lab


def test_demo_prints_hosts_and_why_a_url_is_blocked(deployed: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    file = {"id": "demo-blocked", "fileUrl": deployed.url("inspect.jpg"), "baseUrls": [["ftp://10.0.0.1/a.png"]]}

    receipt = demo._send(deployed.stack, to_json_bytes(file), show_hosts=True)

    printed = capsys.readouterr().out
    assert re.search(r"^  base 0  10\.0\.0\.1 +a\.png +failed .* blocked: scheme ftp$", printed, re.MULTILINE)
    assert re.search(r"^  file    127\.0\.0\.1:\d+ +inspect\.jpg +(stored|reused) ", printed, re.MULTILINE)
    assert "scheme ftp" not in str(receipt)

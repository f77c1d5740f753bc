"""docs/calling.md by the queue: send.py sends, receipt.py reads, by a role with the policy of the page."""

import json
from pathlib import Path

import pytest

from support.calling_lab import create_caller, run_python
from support.calling_page import write_files
from support.deployed_lab import Lab, wait_for

SEND = "import json, sys, send; print(json.dumps(send.send(json.loads(sys.argv[1]))))"
READ = "import json, sys, receipt; print(json.dumps(receipt.read_receipt(sys.argv[1])))"


@pytest.fixture(scope="module")
def environment(deployed: Lab) -> dict[str, str]:
    return create_caller(deployed, "queue-caller")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_files(tmp_path, "python")


def test_each_file_of_two_batches_gets_a_receipt(deployed: Lab, folder: Path, environment: dict[str, str]) -> None:
    files = [{"id": f"queued-{number}", "urls": [deployed.url("golden.png")]} for number in range(12)]

    done = run_python(folder, environment, "-c", SEND, json.dumps(files))

    assert (done.stdout, done.stderr) == ("[]\n", "")
    assert wait_for(lambda: len(deployed.objects("receipts/queued-")) == len(files))
    receipt = json.loads(run_python(folder, environment, "-c", READ, "queued-11").stdout)
    assert (receipt["id"], receipt["status"]) == ("queued-11", "stored")


def test_receipt_is_none_as_long_as_there_is_none(folder: Path, environment: dict[str, str]) -> None:
    done = run_python(folder, environment, "-c", READ, "nobody-sent-this")

    assert (done.stdout, done.stderr) == ("null\n", "")


def test_caller_without_the_policy_may_not_send(deployed: Lab, folder: Path, environment: dict[str, str]) -> None:
    iam = deployed.stack.aws.client("iam")
    iam.create_user(UserName="stranger")
    key = iam.create_access_key(UserName="stranger")["AccessKey"]
    keys = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}
    without_token = {name: value for name, value in environment.items() if name != "AWS_SESSION_TOKEN"}

    done = run_python(folder, without_token | keys, "-c", SEND, json.dumps([{"urls": ["https://a.example/1.png"]}]))

    assert "AccessDenied" in done.stderr

"""One deployed stack for all end-to-end tests, and its topic of receipts."""

from collections.abc import Iterator

import pytest
from infra.local.deploy_template import turn_on_receipt_topic
from infra.local.ministack import REGION, ROOT_KEY, ROOT_SECRET

from support.deployed_lab import Lab, deploy_lab


@pytest.fixture(scope="session")
def deployed() -> Iterator[Lab]:
    """The template, deployed by sam on MiniStack, with two origins beside it."""
    with deploy_lab() as lab:
        yield lab


@pytest.fixture(scope="session")
def topic(deployed: Lab) -> str:
    """The ARN of the topic of receipts; the stack has ReceiptTopic=on from here on."""
    turn_on_receipt_topic(deployed.stack)
    return deployed.stack.topic


@pytest.fixture
def events_environment(deployed: Lab, topic: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The variables of docs/events.md, which programs of this process have too."""
    variables = {
        "RECEIPT_TOPIC": topic,
        "IMAGE_BUCKET": deployed.stack.bucket,
        "STATE_MACHINE_ARN": deployed.stack.machine,
    }
    credentials = {"AWS_ACCESS_KEY_ID": ROOT_KEY, "AWS_SECRET_ACCESS_KEY": ROOT_SECRET, "AWS_DEFAULT_REGION": REGION}
    for name, value in (variables | credentials | {"AWS_ENDPOINT_URL": deployed.stack.aws.endpoint}).items():
        monkeypatch.setenv(name, value)
    return variables

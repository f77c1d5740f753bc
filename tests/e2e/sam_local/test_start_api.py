"""`sam local start-api`, called with the curl commands of docs/sam-local.md."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support.sam_local.documented_commands import Page
from support.sam_local.lab import SITE, SamLocalLab

pytestmark = pytest.mark.usefixtures("api")


def post(commands: Page, lab: SamLocalLab, *names: str) -> tuple[int, dict[str, Any]]:
    """Run the page's curl command with another File, and return status and body.

    The warm container remembers images whose objects an earlier test has deleted, so the File asks for a refresh.
    """
    _, command, _ = commands.blocks["Call the API"]
    file = json.dumps({"id": "by-curl", "refresh": True, "urls": [f"{SITE}/{name}" for name in names]})
    changed = re.sub(r"--data '.*'", lambda _: f"--data '{file}' --write-out '\\n%{{http_code}}'", command)
    assert changed != command
    body, _, status = lab.run(changed).rpartition("\n")
    return int(status), json.loads(body)


def test_curl_commands_of_the_page_create_and_read_a_receipt(commands: Page, lab: SamLocalLab) -> None:
    _, create, read = commands.blocks["Call the API"]

    receipt, found = json.loads(lab.run(create)), json.loads(lab.run(read))

    assert (receipt["status"], receipt["objectKeys"]) == ("stored", lab.stored("inspect.jpg"))
    assert (found["id"], found["objectKeys"]) == ("by-curl", receipt["objectKeys"])


@pytest.mark.parametrize(
    ("names", "status", "stored"),
    [
        (("golden.png", "golden.webp"), 200, ("golden.png", "golden.webp")),
        (("golden.png", "half.jpg"), 207, ("golden.png",)),
        (("half.jpg", "missing.png"), 502, ()),
    ],
    ids=["stored", "partial", "failed"],
)
def test_status_depends_on_the_images_that_are_stored(
    commands: Page, lab: SamLocalLab, names: tuple[str, ...], status: int, stored: tuple[str, ...]
) -> None:
    actual, receipt = post(commands, lab, *names)

    assert actual == status
    assert [key for key in receipt["objectKeys"] if key] == lab.stored(*stored)
    assert lab.keys() == {*lab.stored(*stored), "receipts/by-curl.json"}


def test_invalid_file_gets_a_problem(commands: Page, lab: SamLocalLab) -> None:
    status, problem = post(commands, lab)

    assert (status, problem["status"]) == (422, 422)
    assert lab.keys() == set()


def test_list_command_of_the_page_shows_the_bucket(commands: Page, lab: SamLocalLab) -> None:
    post(commands, lab, "golden.png")

    listed = lab.run(commands.block("List the bucket"))

    assert set(re.findall(r"<Key>(.*?)</Key>", listed)) >= lab.keys()
    assert lab.stored("golden.png")[0] in listed


def test_one_container_handles_consecutive_requests(commands: Page, lab: SamLocalLab, api: Path) -> None:
    """The container stays warm, as in Lambda: event loop and connections outlive a request."""
    before = container_count(api)

    statuses = [post(commands, lab, "golden.png")[0] for _ in range(3)]

    assert statuses == [200, 200, 200]
    assert container_count(api) == max(before, 1)


def container_count(log: Path) -> int:
    """Count the containers that the API has started."""
    return log.read_text().count("SAM_CONTAINER_ID")

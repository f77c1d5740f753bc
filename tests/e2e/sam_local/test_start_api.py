"""`sam local start-api`, asked by curl as docs/sam-local.md does it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support.sam_local.lab import SITE, Ground
from support.sam_local.page import Page

pytestmark = pytest.mark.usefixtures("api")


def post(typed: Page, ground: Ground, *names: str) -> tuple[int, dict[str, Any]]:
    """The curl of the page with another File in it; status and body."""
    _, command, _ = typed.blocks["Call the API"]
    file = json.dumps({"id": "by-curl", "urls": [f"{SITE}/{name}" for name in names]})
    changed = re.sub(r"--data '.*'", lambda _: f"--data '{file}' --write-out '\\n%{{http_code}}'", command)
    assert changed != command
    body, _, status = ground.type(changed).rpartition("\n")
    return int(status), json.loads(body)


def test_the_curls_of_the_page_get_a_receipt_and_find_it_again(typed: Page, ground: Ground) -> None:
    _, send, ask = typed.blocks["Call the API"]

    receipt, found = json.loads(ground.type(send)), json.loads(ground.type(ask))

    assert (receipt["status"], receipt["objectKeys"]) == ("stored", ground.stored("inspect.jpg"))
    assert (found["id"], found["objectKeys"]) == ("by-curl", receipt["objectKeys"])


@pytest.mark.parametrize(
    ("names", "status", "whole"),
    [
        (("golden.png", "golden.webp"), 200, ("golden.png", "golden.webp")),
        (("golden.png", "half.jpg"), 207, ("golden.png",)),
        (("half.jpg", "missing.png"), 502, ()),
    ],
    ids=["stored", "partial", "failed"],
)
def test_the_status_says_what_is_stored(
    typed: Page, ground: Ground, names: tuple[str, ...], status: int, whole: tuple[str, ...]
) -> None:
    answered, receipt = post(typed, ground, *names)

    assert answered == status
    assert [key for key in receipt["objectKeys"] if key] == ground.stored(*whole)
    assert ground.keys() == {*ground.stored(*whole), "receipts/by-curl.json"}


def test_a_file_that_is_none_is_a_problem(typed: Page, ground: Ground) -> None:
    status, problem = post(typed, ground)

    assert (status, problem["status"]) == (422, 422)
    assert ground.keys() == set()


def test_what_is_in_the_bucket_can_be_listed_as_the_page_says(typed: Page, ground: Ground) -> None:
    post(typed, ground, "golden.png")

    listed = ground.type(typed.block("List the bucket"))

    assert set(re.findall(r"<Key>(.*?)</Key>", listed)) == ground.keys()
    assert ground.stored("golden.png")[0] in listed


def test_one_container_answers_one_call_after_the_other(typed: Page, ground: Ground, api: Path) -> None:
    """Kept warm, as Lambda keeps its environments: the loop and the connections outlive an answer."""
    before = started(api)

    answers = [post(typed, ground, "golden.png")[0] for _ in range(3)]

    assert answers == [200, 200, 200]
    assert started(api) == max(before, 1)


def started(log: Path) -> int:
    """How many containers the API has started by now."""
    return log.read_text().count("SAM_CONTAINER_ID")

"""The JavaScript of docs/calling.md calls the deployed API: image_intake.mjs sends, script.mjs prints."""

import json
from pathlib import Path

import pytest

from support.calling_lab import create_caller
from support.deployed_lab import Lab
from support.node import run_node, write_javascript
from support.origin.behaviour import Reader, Request, Writer, response_with, send

RECEIPT = json.dumps({"objectKeys": ["images/aa/aa.jpg"], "images": [{"key": "images/aa/aa.jpg", "url": "a"}]})
GATEWAY = json.dumps({"message": "Internal server error"})


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_javascript(tmp_path_factory.mktemp("calling"))


@pytest.fixture(scope="module")
def environment(deployed: Lab) -> dict[str, str]:
    """The variables of the page, with temporary keys of a role that has the policy of the page."""
    return create_caller(deployed, "javascript-caller")


def test_script_prints_a_key_or_a_code_for_each_url(deployed: Lab, folder: Path, environment: dict[str, str]) -> None:
    urls = [deployed.url(name) for name in ("inspect.jpg", "missing.png")]

    done = run_node(folder, environment, "script.mjs", *urls)

    first, second = done.stdout.splitlines()
    assert deployed.read(first.split()[0]) == deployed.pictures["inspect.jpg"]
    assert second == f"not_found {urls[1]}"


def test_receipt_without_an_image_is_not_asked_for_again(
    deployed: Lab, folder: Path, environment: dict[str, str]
) -> None:
    url = deployed.origin.url("status_404")
    before = deployed.origin.request_count("status_404")

    done = run_node(folder, environment, "script.mjs", url)

    assert done.stdout == f"not_found {url}\n"
    assert deployed.origin.request_count("status_404") == before + 1


@pytest.mark.parametrize(
    ("arguments", "changed", "status"),
    [([], {}, 422), (["http://a.example/1.png"], {"AWS_SESSION_TOKEN": "wrong"}, 403)],
)
def test_script_fails_at_once_when_file_or_caller_is_at_fault(
    folder: Path, environment: dict[str, str], arguments: list[str], changed: dict[str, str], status: int
) -> None:
    done = run_node(folder, environment | changed, "script.mjs", *arguments)

    assert done.returncode == 1
    assert f"Error: {status}: " in done.stderr


@pytest.mark.parametrize(
    "replies",
    [
        [(429, GATEWAY), (200, RECEIPT)],
        [(502, GATEWAY), (503, GATEWAY), (207, RECEIPT)],
        [None, (502, RECEIPT)],
        [(500, GATEWAY), (504, GATEWAY), (502, GATEWAY)],
    ],
)
def test_script_tries_three_times_what_may_succeed_later(
    deployed: Lab, folder: Path, environment: dict[str, str], replies: list[tuple[int, str] | None]
) -> None:
    """None stands for a connection that is closed without a response."""

    async def respond(_: Reader, writer: Writer, request: Request) -> None:
        reply = replies[request.nth - 1]
        if reply:
            await send(writer, response_with(reply[1].encode(), status=f"{reply[0]} Status"))
        writer.close()

    api = f"api-{len(deployed.origin.responders)}"
    deployed.origin.responders[api] = respond

    done = run_node(folder, environment | {"API_URL": deployed.origin.url(api)}, "script.mjs", "a")

    assert done.stdout == ("images/aa/aa.jpg a\n" if (replies[-1] or ("", ""))[1] == RECEIPT else "")
    assert deployed.origin.request_count(f"{api}/files") == len(replies)

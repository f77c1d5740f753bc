"""docs/calling.md over HTTP: every example of the page, run by a role with the policy of the page."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from infra.command.child_process import read_tail, run_in_background
from infra.command.tcp_ports import find_free_port

from support.calling_lab import create_caller, run_python
from support.calling_page import PAGE, find_command, write_files
from support.deployed_lab import Lab, wait_for

SITE = "https://images.example"

PLAIN = """
import anyio
from service import *

@app.post("/plain")
def plain(file: dict[str, Any], request: Request) -> dict[str, Any]:
    return {call}
"""
"""An endpoint that FastAPI runs in a thread, with the call that the page says."""

CALL = """
import asyncio, json, sys
from service import *

async def call() -> None:
    async with lifespan(app) as state:
        await download_base_and_dete(state["client"], json.loads(sys.argv[1]))

asyncio.run(call())
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python files of the page."""
    return write_files(tmp_path_factory.mktemp("calling"), "python")


@pytest.fixture(scope="module")
def environment(deployed: Lab) -> dict[str, str]:
    """The variables of the page, with temporary keys of a role that has the policy of the page."""
    return create_caller(deployed, "http-caller")


@pytest.fixture(scope="module")
def service(folder: Path, environment: dict[str, str]) -> Iterator[httpx.Client]:
    """A client of the FastAPI service of the page and of the plain endpoint, which uvicorn runs."""
    [call] = re.findall(r"`(anyio\.from_thread\.run\([^`]*\))`", PAGE.read_text())
    (folder / "plain.py").write_text(PLAIN.replace("{call}", call))
    port, log = find_free_port(), folder / "uvicorn.log"
    command = [sys.executable, "-m", "uvicorn", "plain:app", "--port", str(port)]
    with (
        run_in_background(command, env=environment, cwd=folder, log=log),
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client,
    ):
        assert wait_for(lambda: "Uvicorn running" in log.read_text() or "Error" in log.read_text())
        assert "Uvicorn running" in log.read_text(), read_tail(log)
        yield client


def file_of(lab: Lab, *names: str) -> dict[str, object]:
    first, *others = map(lab.url, names)
    return {"fileUrl": first, "baseUrls": [[url] for url in others]}


def test_service_returns_the_keys_of_stored_images(deployed: Lab, service: httpx.Client) -> None:
    response = service.post("/inspections", json=file_of(deployed, "inspect.jpg", "golden.png", "golden.webp"))

    found = response.json()
    assert (response.status_code, found["missing"], found["bucket"]) == (200, {}, deployed.stack.bucket)
    assert deployed.read(found["inspect"]) == deployed.pictures["inspect.jpg"]
    assert [deployed.read(key) for key in found["bases"]] == [
        deployed.pictures["golden.png"],
        deployed.pictures["golden.webp"],
    ]


def test_service_says_which_base_images_are_missing(deployed: Lab, service: httpx.Client) -> None:
    response = service.post(
        "/inspections", json=file_of(deployed, "inspect.jpg", "half.jpg", "golden.png", "missing.png")
    )

    found = response.json()
    assert response.status_code == 200
    assert [deployed.read(key) for key in found["bases"]] == [deployed.pictures["golden.png"]]
    assert found["missing"] == {deployed.url("half.jpg"): "invalid_image", deployed.url("missing.png"): "not_found"}


@pytest.mark.parametrize("base", ["golden.png", "half.jpg"])
def test_service_responds_502_when_the_image_to_inspect_failed(deployed: Lab, service: httpx.Client, base: str) -> None:
    """The API responds 207 in the first case, and 502 with a receipt in the second."""
    response = service.post("/inspections", json=file_of(deployed, "missing.png", base))

    assert response.status_code == 502
    assert response.json()["detail"]["url"] == deployed.url("missing.png")
    assert response.json()["detail"]["code"] == "not_found"


def test_service_passes_on_the_faults_of_a_file(deployed: Lab, service: httpx.Client) -> None:
    response = service.post("/inspections", json={"fileUrl": deployed.url("inspect.jpg"), "baseUrls": [{"url": 7}]})

    assert response.status_code == 422
    assert [fault["path"] for fault in response.json()["detail"]] == ["baseUrls[0].url"]


def test_plain_endpoint_calls_the_client_from_its_thread(deployed: Lab, service: httpx.Client) -> None:
    response = service.post("/plain", json=file_of(deployed, "inspect.jpg", "half.jpg"))

    assert (response.status_code, response.json()["status"]) == (200, "partial")


def test_service_raises_what_the_api_says_of_a_wrong_token(
    deployed: Lab, folder: Path, environment: dict[str, str]
) -> None:
    file = json.dumps(file_of(deployed, "inspect.jpg", "half.jpg"))

    done = run_python(folder, environment | {"AWS_SESSION_TOKEN": "wrong"}, "-c", CALL, file)

    assert re.match(r"httpx\.HTTPStatusError: 403: .*[Tt]oken", done.stderr.splitlines()[-1]), done.stderr


def test_script_prints_a_key_or_a_code_for_each_url(deployed: Lab, folder: Path, environment: dict[str, str]) -> None:
    urls = [deployed.url(name) for name in ("inspect.jpg", "missing.png")]

    done = run_python(folder, environment, "script.py", *urls)

    first, second = done.stdout.splitlines()
    assert deployed.read(first.split()[0]) == deployed.pictures["inspect.jpg"]
    assert second == f"not_found {urls[1]}"


def test_script_ends_with_the_problem_when_there_is_no_url(folder: Path, environment: dict[str, str]) -> None:
    done = run_python(folder, environment, "script.py")

    assert done.returncode == 1
    assert done.stderr.startswith("422: ")


def test_script_without_credentials_says_what_to_set(folder: Path, environment: dict[str, str]) -> None:
    without = {name: value for name, value in environment.items() if not name.startswith("AWS_ACCESS_KEY_ID")}

    assert "set AWS_PROFILE, or AWS_DEFAULT_REGION" in run_python(folder, without, "script.py").stderr


def test_script_with_a_wrong_session_token_gets_403(folder: Path, environment: dict[str, str]) -> None:
    done = run_python(folder, environment | {"AWS_SESSION_TOKEN": "wrong"}, "script.py")

    assert done.stderr.startswith("403: ")


def test_receipt_is_read_later(deployed: Lab, folder: Path, environment: dict[str, str]) -> None:
    done = run_python(folder, environment, "respond_async.py", deployed.url("golden.png"))

    receipt = json.loads(done.stdout)
    assert receipt["status"] == "stored"
    assert deployed.json(receipt["receiptKey"])["objectKeys"] == receipt["objectKeys"]


def test_receipt_that_does_not_come_is_given_up(
    deployed: Lab, folder: Path, tmp_path: Path, environment: dict[str, str]
) -> None:
    program = (folder / "respond_async.py").read_text().replace("MAX_SECONDS = 3600", "MAX_SECONDS = 0")
    (tmp_path / "aws_auth.py").write_text((folder / "aws_auth.py").read_text())

    done = run_python(tmp_path, environment, "-c", program, deployed.url("golden.png"))

    assert (done.returncode, done.stderr[:5]) == (1, "202: ")


def test_images_are_read_in_the_order_of_the_request(deployed: Lab, folder: Path, environment: dict[str, str]) -> None:
    names = ("inspect.jpg", "missing.png", "golden.png")
    file = {"urls": [deployed.url(name) for name in names]}
    receipt = deployed.stack.call("POST", "/files", json.dumps(file).encode()).body.decode()
    program = "import asyncio, json, sys, read_image\n"
    program += "for body in asyncio.run(read_image.read_images(json.loads(sys.argv[1]))): print(body and len(body))"

    done = run_python(folder, environment, "-c", program, receipt)

    expected = [len(deployed.pictures[name]) if name in deployed.pictures else None for name in names]
    assert done.stdout.split() == [str(size) for size in expected]


@pytest.mark.parametrize(("name", "status"), [("inspect.jpg", "stored"), ("missing.png", "failed")])
def test_curl_writes_the_receipt(
    deployed: Lab, tmp_path: Path, environment: dict[str, str], name: str, status: str
) -> None:
    done = run_curl(tmp_path, environment, f"{SITE}/a.jpg", deployed.url(name))

    assert (done.returncode, json.loads(done.stdout)["status"]) == (0, status)
    assert json.loads((tmp_path / "receipt.json").read_text())["id"] == "lot-7-cam-2"


def test_curl_fails_with_the_problem_when_the_file_is_not_valid(tmp_path: Path, environment: dict[str, str]) -> None:
    done = run_curl(tmp_path, environment, '"urls"', '"url"')

    assert (done.returncode, json.loads(done.stdout)["status"]) == (1, 422)


def run_curl(folder: Path, environment: dict[str, str], old: str, new: str) -> subprocess.CompletedProcess[str]:
    """Run the command of the page with another text in its File."""
    command = find_command("status=$(curl").replace(old, new)
    return subprocess.run(
        ["bash", "-euc", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )

"""Every block of docs/calling.md is run by a test, and its Python passes the tools of the project."""

import subprocess
from pathlib import Path

import pytest
from infra.build.template_file import ROOT

from support.calling_page import list_blocks, list_variables, write_files

RUN_BY = {
    "PolicyName:": "support/calling_lab.py",
    "aws_auth.py": "contract/test_calling_auth.py",
    "image_intake.py": "contract/test_calling_ingest.py",
    "service.py": "e2e/test_calling_http.py",
    "uvicorn": "e2e/test_calling_http.py",
    "read_image.py": "e2e/test_calling_http.py",
    "script.py": "e2e/test_calling_http.py",
    "respond_async.py": "e2e/test_calling_http.py",
    "invoke.py": "e2e/test_calling_invoke.py",
    "state_machine": "e2e/test_calling_invoke.py",
    "send.py": "e2e/test_calling_queue.py",
    "receipt.py": "e2e/test_calling_queue.py",
    "status=$(curl": "e2e/test_calling_http.py",
    "image_intake.mjs": "javascript/test_api.py",
    "script.mjs": "javascript/test_api.py",
    "make": "e2e/test_calling_templates.py",
    "main.tf": "e2e/test_calling_templates.py",
    "stack.mjs": "javascript/test_cdk.py",
}
"""The blocks of the page in its order, and the test or support module that runs each."""


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "--isolated", "--no-cache", "--select", "E,F,I,B,UP,ASYNC,BLE,PLE,PLW,RET,SIM,TRY002"],
        ["ruff", "format", "--check", "--isolated", "--no-cache"],
        ["mypy", "--strict", "--python-version", "3.10", "--config-file", "", "--cache-dir", "cache"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_python_examples_pass_the_tools_of_the_project(tmp_path: Path, command: list[str]) -> None:
    write_files(tmp_path, "python")
    options = ["--line-length", "120", "--target-version", "py310"] if command[0] == "ruff" else []
    program = ROOT / ".venv" / "bin" / command[0]
    done = subprocess.run(
        [program, *command[1:], *options, "."], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_make_up_sets_the_variables_of_the_page() -> None:
    source = (ROOT / "infra" / "local" / "example_files.py").read_text()
    assert list_variables()
    assert [name for name in list_variables() if f'"{name}"' not in source] == []


def test_every_block_of_the_page_is_run_by_a_test() -> None:
    titles = [
        block.name or (block.text.split()[0] if block.language != "json" else "state_machine")
        for block in list_blocks()
    ]
    assert titles == list(RUN_BY)
    assert [
        title for title, path in RUN_BY.items() if title.removesuffix(".py") not in (ROOT / "tests" / path).read_text()
    ] == []

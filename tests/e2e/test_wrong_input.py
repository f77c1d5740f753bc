"""What is typed wrongly is said in a line, with what was expected, before anything is started."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from infra.template import ROOT

URL = "https://a.example/1.png"
EXPECTED_PORT = "is no port: it has to be a number from 1 to 65535, such as 4566."


def refused(*command: str, **variables: str) -> str:
    """What a command that does not end well says of it; it has not begun anything by then."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | variables
    done = subprocess.run(
        ["make", "-s", *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "usage:" not in done.stderr
    assert " ... " not in done.stdout
    assert "Building" not in done.stdout
    return done.stderr


@pytest.fixture
def port() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("text", ["abc", "0", "65536", "99999", "-1", "", "4_566"])
def test_a_port_that_is_none(text: str) -> None:
    assert f"It did not come up. PORT={text} {EXPECTED_PORT}\n" in refused("up", f"PORT={text}")


def test_a_port_that_is_taken(port: int) -> None:
    assert f"It did not come up. Something else listens on port {port}." in refused("up", f"PORT={port}")


TOO_MANY = {"fileUrl": URL, "baseUrls": [[URL]] * 101}
TWO_FAULTS = {"fileUrl": 7, "baseUrls": [{"url": URL}, 8]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "lot.json cannot be read: No such file or directory."),
        ("", "lot.json is not JSON: EOF while parsing a value at line 1 column 0."),
        ("{no", "lot.json is not JSON: key must be a string at line 1 column 2."),
        ('"' + "x" * 1024 * 1024 + '"', "lot.json has more than 1048576 bytes."),
        ("[]", "lot.json is not a valid File:\n  must be an object, got a list\n"),
        ("{}", "lot.json is not a valid File:\n  fileUrl: is missing\n  baseUrls: is missing\n"),
        (
            json.dumps(TWO_FAULTS),
            """lot.json is not a valid File:
  fileUrl: must be a string, got a number
  baseUrls[1]: must be an object or a list, got a number
""",
        ),
        (json.dumps(TOO_MANY), "lot.json is not a valid File:\n  baseUrls: must have at most 100 items, got 101\n"),
    ],
)
def test_a_file_for_the_demo_that_is_none(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "lot.json"
    if content is not None:
        path.write_text(content)

    assert f"The demo failed. {tmp_path}/{said}" in refused("demo", f"FILE={path}")


@pytest.mark.parametrize("text", ["foo", "", "arm64 x86_64"])
def test_a_processor_that_is_none(text: str) -> None:
    assert f"make build: ARCH={text} has to be arm64 or x86_64.\n" in refused("build", f"ARCH={text}")


@pytest.mark.parametrize("text", ["abc", "0", "-5", "1.5"])
def test_a_number_of_images_that_is_none(text: str) -> None:
    said = f"make fuzz: INPUTS={text}: expected a number of images, 1 or more.\n"

    assert said in refused("fuzz", f"INPUTS={text}")


@pytest.mark.parametrize(
    ("variables", "said"),
    [({}, "You must specify a region"), ({"AWS_DEFAULT_REGION": "us-east-1"}, "Unable to locate credentials")],
)
def test_a_list_for_nobody_in_particular(tmp_path: Path, variables: dict[str, str], said: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"url\n{URL}\n")
    nobody = {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}

    words = refused("bulk", f"LIST={path}", "ENDPOINT=http://127.0.0.1:1", **variables, **nobody)

    assert f"{said}.\nSet the region and the credentials; for `make up`: . .local/up/env\n" in words


@pytest.mark.parametrize("text", ["foo", "127.0.0.1:4566", "http://", "ftp://127.0.0.1"])
def test_an_endpoint_that_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"url\n{URL}\n")
    said = f"ENDPOINT={text} is not a URL such as http://127.0.0.1:4566.\n"

    assert said in refused("bulk", f"LIST={path}", f"ENDPOINT={text}", AWS_DEFAULT_REGION="us-east-1")


def test_no_list() -> None:
    assert "which list? make bulk LIST=list.csv" in refused("bulk")

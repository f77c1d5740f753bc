"""A wrong value gets one line that says what is expected, before anything is started."""

import json
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from infra.build.template_file import ROOT
from infra.command.tcp_ports import find_free_port

URL = "https://a.example/1.png"
EXPECTED_PORT = "is not a port: expected a number from 1 to 65535, such as 4566."


def refused(*command: str, **variables: str) -> str:
    """The error message of a command that fails before it has started anything."""
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
    """A port that is in use."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.parametrize("text", ["abc", "0", "65536", "99999", "-1", "", "4_566"])
def test_up_names_what_it_expects_when_port_is_not_a_port(text: str) -> None:
    assert f"make up did not start. PORT={text} {EXPECTED_PORT}\n" in refused("up", f"PORT={text}")


def test_up_names_a_free_port_when_port_is_in_use(port: int) -> None:
    assert f"make up did not start. Port {port} is in use. A free one: PORT=" in refused("up", f"PORT={port}")


TOO_MANY = {"fileUrl": URL, "baseUrls": [[URL]] * 101}
MISSING = "is missing; a File has fileUrl and baseUrls, a list of URLs has urls"
TWO_FAULTS = {"fileUrl": 7, "baseUrls": [{"url": URL}, 8]}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "lot.json cannot be read: No such file or directory."),
        ("", "lot.json is not JSON: it is empty."),
        ("{no", "lot.json is not JSON: key must be a string at line 1 column 2; names and strings need double quotes."),
        ('"' + "x" * 1024 * 1024 + '"', "lot.json has more than 1048576 bytes."),
        ("[]", "lot.json is not a valid File:\n  must be an object, got a list. Send each File by itself"),
        ("{}", f"lot.json is not a valid File:\n  fileUrl: {MISSING}\n  baseUrls: {MISSING}\n"),
        (
            json.dumps(TWO_FAULTS),
            """lot.json is not a valid File:
  fileUrl: must be a string, got a number
  baseUrls[1]: must be an object or a list, got a number: write {"url": "https://..."}
""",
        ),
        (json.dumps(TOO_MANY), "lot.json is not a valid File:\n  baseUrls: must have at most 100 items, got 101\n"),
    ],
)
def test_demo_names_every_fault_when_file_is_not_valid(tmp_path: Path, content: str | None, said: str) -> None:
    path = tmp_path / "lot.json"
    if content is not None:
        path.write_text(content)

    assert f"The demo failed. {tmp_path}/{said}" in refused("demo", f"FILE={path}")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ALLOW=10.0.0.0/8"], "ALLOW is for a File of yours: make demo FILE=my-file.json ALLOW=..."),
        (["FILE=lot.json", "ALOW=10.0.0.0/8"], "ALOW is not a setting of make demo. Did you mean ALLOW?"),
        (["FILE=lot.json", "ALLOW=intranet"], "these settings cannot be used:\n  ALLOW: expected CIDRs"),
    ],
)
def test_demo_names_a_setting_that_it_cannot_use(arguments: list[str], said: str) -> None:
    assert f"The demo failed. {said}" in refused("demo", *arguments)


@pytest.mark.parametrize("text", ["foo", "", "arm64 x86_64"])
def test_build_names_the_processors_when_arch_is_not_one(text: str) -> None:
    assert f"make build: ARCH={text}: expected arm64 or x86_64.\n" in refused("build", f"ARCH={text}")


@pytest.mark.parametrize("text", ["on", "Decode", "decode structure"])
def test_build_names_the_levels_when_verify_is_not_one(text: str) -> None:
    assert f"make build: VERIFY={text}: expected structure or decode.\n" in refused("build", f"VERIFY={text}")


@pytest.mark.parametrize("text", ["abc", "0", "-5", "1.5"])
def test_fuzz_names_what_it_expects_when_inputs_is_not_a_number(text: str) -> None:
    said = f"make fuzz: INPUTS={text}: expected a number of images, 1 or more.\n"

    assert said in refused("fuzz", f"INPUTS={text}")


def test_up_refuses_a_setting_and_names_the_variable_for_parameters() -> None:
    said = "make up did not start. SOURCE_BUCKETS is not a variable of make up. It takes PORT, PICTURES, VERIFY and"

    assert said in refused("up", "SOURCE_BUCKETS=my-photos")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SourceBuckets", "PARAMETERS: SourceBuckets: expected Name=value.\n"),
        (
            "SourceBucket=a-b",
            "PARAMETERS cannot be deployed:\n  SourceBucket: the template has no such parameter. Did you",
        ),
        (
            "ExistingImageBucket=my-images",
            "PARAMETERS cannot be deployed:\n  ExistingImageBucket: the local AWS starts without buckets.\n",
        ),
        ("ReceiptTopic=on", "PARAMETERS cannot be deployed:\n  ReceiptTopic: make up sets it itself.\n"),
        ("Refresh=no", "PARAMETERS cannot be deployed:\n  Refresh=no: expected one of always, revalidate, fresh.\n"),
    ],
)
def test_up_names_what_is_wrong_with_a_parameter(text: str, said: str) -> None:
    assert f"make up did not start. {said}" in refused("up", f"PARAMETERS={text}")


@pytest.mark.parametrize(
    ("name", "said"),
    [("none", "is not a folder."), ("empty", "has no file in it.")],
)
def test_up_refuses_pictures_when_there_are_none(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    folder = tmp_path / name

    refusal = refused("up", f"PORT={find_free_port()}", f"PICTURES={folder}")

    assert f"make up did not start. PICTURES={folder} {said}\n" in refusal


@pytest.mark.parametrize(
    ("variables", "said"),
    [({}, "You must specify a region"), ({"AWS_DEFAULT_REGION": "us-east-1"}, "Unable to locate credentials")],
)
def test_bulk_asks_for_region_and_credentials_when_there_are_none(
    tmp_path: Path, port: int, variables: dict[str, str], said: str
) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"url\n{URL}\n")
    nobody = {"HOME": str(tmp_path), "AWS_EC2_METADATA_DISABLED": "true"}

    words = refused("bulk", f"LIST={path}", f"ENDPOINT=http://127.0.0.1:{port}", **variables, **nobody)

    assert f"{said}.\nSet the region and the credentials; for `make up`: . .local/up/env\n" in words


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [(["ENDPOINT={url}"], {}), ([], {"AWS_ENDPOINT_URL": "{url}"})],
    ids=["ENDPOINT", "AWS_ENDPOINT_URL"],
)
def test_bulk_asks_whether_make_up_is_running_when_nothing_listens(
    tmp_path: Path, arguments: list[str], variables: dict[str, str]
) -> None:
    path, url = tmp_path / "list.csv", f"http://127.0.0.1:{find_free_port()}"
    path.write_text(f"url\n{URL}\n")
    environment = {name: value.format(url=url) for name, value in variables.items()}

    refusal = refused("bulk", f"LIST={path}", *(text.format(url=url) for text in arguments), **environment)

    assert f"make bulk: nothing listens at {url}. Is `make up` running?\n" in refusal


@pytest.mark.parametrize("folder", ["up", "up-4567"])
def test_bulk_asks_whether_make_up_is_running_when_its_list_is_missing(folder: str) -> None:
    path = f".local/{folder}/none.csv"

    assert f"{path} does not exist, or is not a file. Is `make up` running?\n" in refused("bulk", f"LIST={path}")


@pytest.mark.parametrize(
    "text", ["foo", "127.0.0.1:4566", "http://", "ftp://127.0.0.1", "http://127.0.0.1:65536", "http://127.0.0.1:0"]
)
def test_bulk_names_what_it_expects_when_endpoint_is_not_a_url(tmp_path: Path, text: str) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"url\n{URL}\n")
    said = f"ENDPOINT={text} is not a URL such as http://127.0.0.1:4566.\n"

    assert said in refused("bulk", f"LIST={path}", f"ENDPOINT={text}", AWS_DEFAULT_REGION="us-east-1")
    assert f"make bulk: AWS_ENDPOINT_URL={text}" in refused("bulk", f"LIST={path}", AWS_ENDPOINT_URL=text)


def test_bulk_asks_for_a_list_when_there_is_none() -> None:
    assert "which list? make bulk LIST=list.csv" in refused("bulk")

"""VERIFY=decode in the built artifact: in AWS's Lambda runtime, and deployed on a local AWS."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.error import HTTPError

import pytest
from infra.build import artifact, decoders, sbom
from infra.build.template_file import ROOT, list_functions, load
from infra.local.deploy_template import to_json_bytes
from infra.pictures.picture_server import serve_pictures

from support import s3_server
from support.damaged_images import damaged_tiff, slow_jpeg
from support.deployed_lab import SAM, deploy_lab, require_sam
from support.runtime_emulator import Environment, lambda_environment
from support.sample_images import picture

SECONDS = 6
"""The function's timeout here."""

MEMORY = "1769"
HANDLER = "intake.handlers.http.handler"
EVENT = ROOT / "tests" / "events" / "http-post-file.json"
GOOD, BASE = picture(40, 30, 1), picture(40, 30, 2, "png")

type Start = Callable[..., Environment]


@pytest.fixture(scope="module")
def built() -> dict[bool, Path]:
    """The code of the HTTP function, with the decoders and without."""
    require_sam()
    return {with_decoders: _build(with_decoders=with_decoders) for with_decoders in (True, False)}


def _build(*, with_decoders: bool) -> Path:
    into = artifact.local_build_directory(with_decoders=with_decoders)
    with artifact.build_lock():
        artifact.build(artifact.local_architecture(), into, SAM, with_decoders=with_decoders)
        code: str = list_functions(load(into / "template.yaml"))["HttpFunction"]["CodeUri"]
        return into / code


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    pictures = {"good.jpg": GOOD, "base.png": BASE, "damaged.tiff": damaged_tiff(), "slow.jpg": slow_jpeg()}
    with serve_pictures(pictures, delay=0) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture
def start(built: dict[bool, Path], s3: s3_server.S3Server, bucket: str, site: str, tmp_path: Path) -> Iterator[Start]:
    settings = {"ALLOWED_NETWORKS": "127.0.0.1/32", "ALLOWED_PORTS": site.rpartition(":")[2], "IMAGE_BUCKET": bucket}
    settings |= {"VERIFY": "decode", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": MEMORY}
    with ExitStack() as on_exit:

        def start_function(*, with_decoders: bool = True) -> Environment:
            code, variables = built[with_decoders], s3.environment | settings
            environment = lambda_environment(code, HANDLER, tmp_path, timeout=SECONDS, variables=variables)
            return on_exit.enter_context(environment)

        yield start_function


def post(function: Environment, site: str, *names: str) -> tuple[list[str], dict[str, object], float]:
    """Send a URL list; return the code or the source of each image, the receipt, and the duration in seconds."""
    body = json.dumps({"id": "decoded", "urls": [f"{site}/{name}" for name in names]})
    invocation = function.invoke(json.loads(EVENT.read_text()) | {"body": body})
    assert "Task timed out" not in invocation.body
    receipt = json.loads(invocation.json()["body"])
    outcomes = [image["error"]["code"] if "error" in image else image["source"] for image in receipt["images"]]
    return outcomes, receipt, invocation.seconds


def test_function_refuses_a_damaged_image_and_stores_the_others(
    start: Start, site: str, s3: s3_server.S3Server, bucket: str
) -> None:
    """From a cold start: the child process is started while the images are downloaded. Then they are known."""
    function = start()

    outcomes, receipt, _ = post(function, site, "good.jpg", "damaged.tiff", "base.png")

    assert outcomes == ["fetched", "corrupt_image", "fetched"]
    assert receipt["verification"] == "decode"
    keys = [key for key in receipt["objectKeys"] if key]  # type: ignore[attr-defined]  # a list of JSON
    facts = [s3.client().head_object(Bucket=bucket, Key=key)["Metadata"]["verification"] for key in keys]
    assert facts == ["decode", "decode"]
    assert re.search(r'"code":"corrupt_image","reason":"[^"]+', function.log.read_text())
    assert post(function, site, "good.jpg", "damaged.tiff", "base.png")[0] == [
        "unchanged",
        "corrupt_image",
        "unchanged",
    ]


def test_function_responds_in_time_when_an_image_keeps_the_decoder_busy(start: Start, site: str) -> None:
    """The child is killed at the deadline; the next File has a new one."""
    function = start()

    outcomes, _, seconds = post(function, site, "slow.jpg", "base.png")

    assert outcomes == ["deadline_exceeded", "fetched"]
    assert seconds < SECONDS
    outcomes, _, seconds = post(function, site, "good.jpg")
    assert outcomes == ["fetched"]
    assert seconds < SECONDS - 2


def test_function_does_not_start_when_its_artifact_has_no_decoders(start: Start) -> None:
    function = start(with_decoders=False)

    with pytest.raises(HTTPError) as refused:
        function.invoke({})

    assert json.load(refused.value)["errorType"] == "ConfigError"
    assert "make deploy VERIFY=decode" in function.log.read_text()


def test_bill_of_materials_lists_the_decoders_of_the_artifact_that_has_them(
    built: dict[bool, Path], tmp_path: Path
) -> None:
    names = {}
    for with_decoders, code in built.items():
        sbom.write_sbom(code, tmp_path / "sbom.json")
        components = json.loads((tmp_path / "sbom.json").read_text())["components"]
        names[with_decoders] = {f"{each['name'].lower().replace('_', '-')}=={each['version']}" for each in components}

    assert not [*built[True].glob("numpy/**/tests")]
    pins = re.findall(r"^[a-z0-9-]+==[^ ]+", decoders.REQUIREMENTS.read_text(), re.MULTILINE)
    assert names[True] - names[False] == set(pins)


def test_deployed_stack_decodes(site: str) -> None:
    """The parameter Verify of the template, the role of the function, and a local S3."""
    with deploy_lab(with_decoders=True) as lab:
        ports = f"{site.rpartition(':')[2]},{lab.site.rpartition(':')[2]}"
        client = lab.stack.aws.client("lambda")
        variables = client.get_function_configuration(FunctionName=lab.stack.function)["Environment"]["Variables"]
        client.update_function_configuration(
            FunctionName=lab.stack.function, Environment={"Variables": {**variables, "ALLOWED_PORTS": ports}}
        )
        urls = [f"{site}/good.jpg", f"{site}/damaged.tiff", lab.url("golden.avif")]

        response = lab.stack.call("POST", "/files", to_json_bytes({"id": "decoded", "urls": urls}))

        receipt = response.json()
        assert (response.status, receipt["verification"]) == (207, "decode")
        assert [image.get("error", {}).get("code") for image in receipt["images"]] == [None, "corrupt_image", None]
        stored = lab.s3.head_object(Bucket=lab.stack.bucket, Key=receipt["objectKeys"][0])
        assert stored["Metadata"]["verification"] == "decode"

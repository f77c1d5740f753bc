"""docs/calling.md: `sam package` writes the template that Terraform deploys.

No Terraform provider can be installed here. The test reads main.tf with an HCL parser, resolves its expressions, and
makes the API calls that the provider makes: PutObject and CreateStack.
"""

import hashlib
import os
import re
import subprocess
from typing import Any, cast

import hcl2
import pytest
from botocore.exceptions import ClientError
from infra.build import artifact
from infra.build.sam_environment import offline_environment
from infra.build.template_file import ROOT, load
from infra.local.api_client import send_request
from infra.local.deploy_template import ARTIFACT_BUCKET, ROOT_USER, read_outputs, to_json_bytes
from infra.local.ministack import REGION

from support.calling_page import find_command, write_files
from support.deployed_lab import Lab

STACK = "by-terraform"
ARGUMENTS = {"name", "template_url", "capabilities", "parameters"}
"""Those of the resource aws_cloudformation_stack that the page uses (Terraform Registry, hashicorp/aws)."""


@pytest.fixture(scope="module")
def packaged(deployed: Lab, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The template that the command of the page writes; the artifact is built already."""
    folder = tmp_path_factory.mktemp("package")
    build, command = find_command("make build").split("\n", 1)
    assert build == "make build"
    local = artifact.local_build_directory() / "local.yaml"
    command = command.replace(".aws-sam/build/template.yaml", str(local)).replace("packaged.yaml", f"{folder}/p.yaml")
    variables = {
        "AWS_ENDPOINT_URL": deployed.stack.aws.endpoint,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ROOT_USER.key,
        "AWS_SECRET_ACCESS_KEY": ROOT_USER.secret,
        "ARTIFACT_BUCKET": ARTIFACT_BUCKET,
    }
    environment = os.environ | variables | offline_environment(folder / "sam")
    subprocess.run(["bash", "-euc", command], cwd=ROOT, env=environment, capture_output=True, check=True)
    return (folder / "p.yaml").read_bytes()


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The blocks of main.tf by their labels: `{"aws_s3_object.template": {…}}`."""
    text = (write_files(tmp_path_factory.mktemp("terraform"), "hcl") / "main.tf").read_text()
    parsed = cast("dict[str, Any]", hcl2.loads(text))
    resources = {f"{kind}.{name}": body for kind, name, body in labelled(parsed["resource"])}
    sources = {f"data.{kind}.{name}": body for kind, name, body in labelled(parsed["data"])}
    outputs = {f"output.{name.strip('"')}": body for block in parsed["output"] for name, body in block.items()}
    return resources | sources | outputs


def labelled(blocks: list[dict[str, dict[str, dict[str, Any]]]]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (kind.strip('"'), name.strip('"'), {key: value for key, value in body.items() if not key.startswith("__")})
        for block in blocks
        for kind, bodies in block.items()
        for name, body in bodies.items()
    ]


def resolve(value: Any, values: dict[str, str]) -> Any:
    """Replace the expressions of an argument by their values; an unknown expression is a KeyError."""
    if isinstance(value, str):
        return re.sub(r"\$\{([^}]+)\}", lambda found: values[found[1]], value.strip('"'))
    if isinstance(value, list):
        return [resolve(item, values) for item in value]
    return {name: resolve(item, values) for name, item in value.items()}


def test_terraform_deploys_the_packaged_template(
    deployed: Lab, packaged: bytes, configuration: dict[str, dict[str, Any]]
) -> None:
    values = {
        "var.artifact_bucket": ARTIFACT_BUCKET,
        'filesha256("packaged.yaml")': hashlib.sha256(packaged).hexdigest(),
        # MiniStack reads only the path form of an S3 URL.
        "data.aws_s3_bucket.artifacts.bucket_regional_domain_name": f"s3.{REGION}.amazonaws.com/{ARTIFACT_BUCKET}",
    }
    uploaded = resolve(configuration["aws_s3_object.template"], values)
    assert uploaded["source"] == "packaged.yaml"
    deployed.s3.put_object(Bucket=uploaded["bucket"], Key=uploaded["key"], Body=packaged)
    values["aws_s3_object.template.key"] = uploaded["key"]
    stack = resolve(configuration["aws_cloudformation_stack.image_intake"], values)
    assert stack.keys() == ARGUMENTS

    create_stack(deployed, stack, stack["capabilities"])

    output = re.fullmatch(
        r'\$\{aws_cloudformation_stack\.image_intake\.outputs\["(\w+)"\]\}', configuration["output.api_url"]["value"]
    )
    assert output
    outputs = read_outputs(deployed.stack.aws, STACK)
    assert outputs[output[1]].endswith("/v1")
    response = call(deployed, outputs["ApiId"], {"urls": [deployed.url("inspect.jpg")]})
    assert response["images"][0]["error"]["code"] == "blocked", "the function runs; this stack may not dial loopback"
    variables = read_variables(deployed, outputs["HttpFunctionName"])
    assert variables["MAX_PER_ORIGIN"] == stack["parameters"]["MaxPerOrigin"] != load()["Parameters"]["MaxPerOrigin"]


def create_stack(lab: Lab, stack: dict[str, Any], capabilities: list[str]) -> None:
    """Create the stack under a name of its own, and wait until it is complete."""
    cloudformation = lab.stack.aws.client("cloudformation")
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in stack["parameters"].items()]
    options = {"StackName": STACK, "TemplateURL": stack["template_url"], "Parameters": parameters}
    with pytest.raises(ClientError, match="InsufficientCapabilities"):
        cloudformation.create_stack(**options, Capabilities=capabilities[:1])
    cloudformation.create_stack(**options, Capabilities=capabilities)
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})


def call(lab: Lab, api_id: str, file: dict[str, object]) -> Any:
    url = f"{lab.stack.aws.endpoint}/_aws/execute-api/{api_id}/v1/files"
    return send_request("POST", url, to_json_bytes(file), region=REGION, credentials=ROOT_USER).json()


def read_variables(lab: Lab, function: str) -> dict[str, str]:
    configuration = lab.stack.aws.client("lambda").get_function_configuration(FunctionName=function)
    variables: dict[str, str] = configuration["Environment"]["Variables"]
    return variables

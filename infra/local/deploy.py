"""Our template, deployed to MiniStack by sam as anyone would deploy it to AWS."""

import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from infra.build.sam import quiet
from infra.command.process import run
from infra.local.api import Answer, Credentials, call
from infra.local.ministack import REGION, ROOT_KEY, ROOT_SECRET, MiniStack, environment, ministack

STACK = "image-intake"
ARTEFACTS = "artefacts"
ROOT_USER = Credentials(ROOT_KEY, ROOT_SECRET)


@dataclass(frozen=True, slots=True)
class Deployed:
    """The stack, ready to be called.

    Attributes:
        aws: where it stands.
        api_url: the API and its stage, no slash at the end.
        api_id: the id of that API, for policies.
        bucket: where images and receipts go.
        inbox: where manifests and lists are dropped.
        failures: the URL of the queue of what failed for good.
        machine: the ARN of the state machine of bulk runs.
        function: the name of the function behind the API.
        functions: the names of all functions.
        log_group: where the function behind the API logs.
    """

    aws: MiniStack
    api_url: str
    api_id: str
    bucket: str
    inbox: str
    failures: str
    machine: str
    function: str
    functions: tuple[str, ...]
    log_group: str

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        credentials: Credentials | None = ROOT_USER,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Call the API, signed by the account's root if not said otherwise; with None, not signed at all."""
        return call(method, self.api_url + path, body, region=REGION, credentials=credentials, headers=headers)

    def logs(self, lines: int = 30) -> str:
        """The last lines that the function logged."""
        client = self.aws.client("logs")
        events = client.filter_log_events(logGroupName=self.log_group)["events"]
        return "\n".join(f"  | {event['message'].rstrip()[:400]}" for event in events[-lines:])


def deploy(aws: MiniStack, built: Path, sam: Path, home: Path, parameters: Mapping[str, str]) -> Deployed:
    """Deploy a built template and read its outputs.

    Raises:
        LocalError: sam refused or failed.
    """
    aws.client("s3").create_bucket(Bucket=ARTEFACTS)
    env = environment(home, f"{sam.parent}:/usr/bin:/bin") | {
        "AWS_ENDPOINT_URL": aws.endpoint,
        **quiet(home / "sam"),
    }
    command: list[str | Path] = [sam, "deploy", "--template-file", _with_json_definition(built)]
    command += ["--stack-name", STACK, "--region", REGION, "--capabilities", "CAPABILITY_IAM"]
    command += ["--s3-bucket", ARTEFACTS, "--no-resolve-s3", "--no-confirm-changeset", "--no-progressbar"]
    command += ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
    run(command, env=env, cwd=home, log=home / "sam-deploy.log", doing="sam deploy")
    outputs = _outputs(aws)
    return Deployed(
        aws=aws,
        # The path form of the API's address: the host form needs a name server that knows it.
        api_url=f"{aws.endpoint}/_aws/execute-api/{outputs['ApiId']}/v1",
        api_id=outputs["ApiId"],
        bucket=outputs["ImageBucketName"],
        inbox=outputs["InboxBucketName"],
        failures=outputs["FailureQueueUrl"],
        machine=outputs["StateMachineArn"],
        function=outputs["HttpFunctionName"],
        functions=tuple(value for name, value in outputs.items() if name.endswith("FunctionName")),
        log_group=outputs["HttpFunctionLogGroupName"],
    )


def _with_json_definition(built: Path) -> Path:
    """Return a template beside the built one, with its definition as JSON: MiniStack reads no YAML there.

    As CloudFormation does it, what is substituted is text: a placeholder that stands alone may become a number.
    """
    text = (built / "template.yaml").read_text()
    [named] = re.findall(r"DefinitionUri: (\S+\.yaml)", text)
    marked = re.sub(r": (\$\{\w+\})(?=\s)", r': "bare \1"', (built / named).read_text())
    definition = json.dumps(yaml.safe_load(marked), indent=1)
    (built / "bulk.asl.json").write_text(re.sub(r'"bare (\$\{\w+\})"', r"\1", definition))
    local = built / "local.yaml"
    local.write_text(text.replace(named, "bulk.asl.json"))
    return local


def _outputs(aws: MiniStack) -> dict[str, str]:
    stack = aws.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def loosen(deployed: Deployed, variables: Mapping[str, str]) -> None:
    """Do past the template what only a local run may.

    Sets variables to what the template refuses, like ALLOWED_NETWORKS with loopback in it, and takes away the
    bucket policies: they deny what does not come over TLS, and MiniStack on loopback speaks plain HTTP.
    """
    client = deployed.aws.client("lambda")
    for function in deployed.functions:
        current = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        client.update_function_configuration(FunctionName=function, Environment={"Variables": {**current, **variables}})
    for bucket in (deployed.bucket, deployed.inbox):
        deployed.aws.client("s3").delete_bucket_policy(Bucket=bucket)


@contextmanager
def deployed_stack(built: Path, venvs: Path, parameters: Mapping[str, str]) -> Iterator[Deployed]:
    """MiniStack with our stack in it, both gone at the end.

    Args:
        built: what `make build` made for this machine's processor.
        venvs: the directory with the environments `sam` and `ministack`.
        parameters: of the template.
    """
    with tempfile.TemporaryDirectory(prefix="image-intake-") as directory:
        home = Path(directory)
        with ministack(venvs / "ministack", home) as aws:
            yield deploy(aws, built, venvs / "sam" / "bin" / "sam", home, parameters)


def as_json(value: object) -> bytes:
    """The body of a call."""
    return json.dumps(value).encode()

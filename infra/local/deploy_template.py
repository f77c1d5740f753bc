"""Deploys the template to MiniStack with `sam deploy`, as to AWS."""

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.build.sam_environment import offline_environment
from infra.build.state_machine import read_definition
from infra.command.child_process import run
from infra.command.running_processes import HOME_PREFIX
from infra.local.api_client import ApiResponse, Credentials, send_request
from infra.local.ministack import REGION, ROOT_KEY, ROOT_SECRET, MiniStack, local_environment, ministack

STACK = "image-intake"
ARTIFACT_BUCKET = "artifacts"
ROOT_USER = Credentials(ROOT_KEY, ROOT_SECRET)


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A deployed stack: its outputs, and requests to its API.

    Attributes:
        aws: the MiniStack that it is deployed to.
        api_url: the URL of the API with its stage, without a slash at the end.
        api_id: the id of that API, for policies.
        bucket: the image bucket: images and receipts.
        inbox: the inbox bucket: manifests and lists.
        failures: the URL of the queue of events that failed after every retry.
        file_queue: the URL of the queue that accepts Files.
        failed_files: the URL of the queue of messages that came back too often.
        failed_files_arn: the ARN of the same queue.
        topic: the ARN of the topic for receipts, which is off until `turn_on_receipt_topic`.
        machine: the ARN of the state machine that runs lists.
        function: the name of the function that serves the API.
        functions: the names of all functions.
        log_group: the log group of the function that serves the API.
    """

    aws: MiniStack
    api_url: str
    api_id: str
    bucket: str
    inbox: str
    failures: str
    file_queue: str
    failed_files: str
    failed_files_arn: str
    topic: str
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
    ) -> ApiResponse:
        """Send a request to the API, signed by the root user by default; not signed if `credentials` is None."""
        return send_request(method, self.api_url + path, body, region=REGION, credentials=credentials, headers=headers)

    def find_function(self, logical_name: str) -> str:
        """Return the deployed name of a function of the template."""
        [name] = [name for name in self.functions if logical_name in name]
        return name

    def read_log(self) -> list[str]:
        """Return the lines that the function of the API has logged."""
        pages = self.aws.client("logs").get_paginator("filter_log_events").paginate(logGroupName=self.log_group)
        return [event["message"].rstrip() for page in pages for event in page["events"]]


def deploy(aws: MiniStack, built: Path, sam: Path, home: Path, parameters: Mapping[str, str]) -> DeployedStack:
    """Deploy a built template and read its outputs.

    Raises:
        CommandError: sam deploy failed.
    """
    aws.client("s3").create_bucket(Bucket=ARTIFACT_BUCKET)
    env = local_environment(home, f"{sam.parent}:/usr/bin:/bin") | {
        "AWS_ENDPOINT_URL": aws.endpoint,
        **offline_environment(home / "sam"),
    }
    command: list[str | Path] = [sam, "deploy", "--template-file", _with_json_definition(built)]
    command += ["--stack-name", STACK, "--region", REGION, "--capabilities", "CAPABILITY_IAM"]
    command += ["--s3-bucket", ARTIFACT_BUCKET, "--no-resolve-s3", "--no-confirm-changeset", "--no-progressbar"]
    command += ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())]
    run(command, env=env, cwd=home, log=home / "sam-deploy.log", action="sam deploy")
    return _describe_stack(aws, read_outputs(aws))


def _describe_stack(aws: MiniStack, outputs: Mapping[str, str]) -> DeployedStack:
    return DeployedStack(
        aws=aws,
        # The path form of the API's URL: the host form needs DNS.
        api_url=f"{aws.endpoint}/_aws/execute-api/{outputs['ApiId']}/v1",
        api_id=outputs["ApiId"],
        bucket=outputs["ImageBucketName"],
        inbox=outputs["InboxBucketName"],
        failures=outputs["FailureQueueUrl"],
        file_queue=outputs["FileQueueUrl"],
        failed_files=outputs["FailedFilesQueueUrl"],
        failed_files_arn=outputs["FailedFilesQueueArn"],
        topic=outputs["ReceiptTopicArn"],
        machine=outputs["StateMachineArn"],
        function=outputs["HttpFunctionName"],
        functions=tuple(value for name, value in outputs.items() if name.endswith("FunctionName")),
        log_group=outputs["HttpFunctionLogGroupName"],
    )


def _with_json_definition(built: Path) -> Path:
    """Write a copy of the built template with the state machine's definition as JSON: MiniStack does not read YAML."""
    text = (built / "template.yaml").read_text()
    [definition_uri] = re.findall(r"DefinitionUri: (\S+\.yaml)", text)
    (built / "bulk.asl.json").write_text(read_definition(built / definition_uri))
    local = built / "local.yaml"
    local.write_text(text.replace(definition_uri, "bulk.asl.json"))
    return local


def read_outputs(aws: MiniStack, stack: str = STACK) -> dict[str, str]:
    """Return the outputs of a deployed stack."""
    [found] = aws.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def turn_on_receipt_topic(deployed: DeployedStack) -> None:
    """Update the stack to ReceiptTopic=on, which a new stack cannot have.

    Raises:
        botocore.exceptions.WaiterError: the update failed.
    """
    client = deployed.aws.client("cloudformation")
    names = [
        parameter["ParameterKey"] for parameter in client.describe_stacks(StackName=STACK)["Stacks"][0]["Parameters"]
    ]
    kept = [{"ParameterKey": name, "UsePreviousValue": True} for name in names if name != "ReceiptTopic"]
    client.update_stack(
        StackName=STACK,
        UsePreviousTemplate=True,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[*kept, {"ParameterKey": "ReceiptTopic", "ParameterValue": "on"}],
    )
    client.get_waiter("stack_update_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 120})


def relax_for_loopback(deployed: DeployedStack, variables: Mapping[str, str]) -> None:
    """Change the deployed stack in ways that its template does not allow and a local run needs.

    The policies of buckets are removed, and what the policies of queues deny: plain HTTP. MiniStack has no TLS.

    Args:
        deployed: the stack.
        variables: settings for every function, such as ALLOWED_NETWORKS with loopback in it.
    """
    client = deployed.aws.client("lambda")
    for function in deployed.functions:
        current = client.get_function_configuration(FunctionName=function)["Environment"]["Variables"]
        client.update_function_configuration(FunctionName=function, Environment={"Variables": {**current, **variables}})
    for bucket in (deployed.bucket, deployed.inbox):
        deployed.aws.client("s3").delete_bucket_policy(Bucket=bucket)
    _remove_denials(deployed.aws.client("sqs"))


def _remove_denials(sqs: Any) -> None:  # noqa: ANN401 - boto3 makes its classes as it runs
    """Remove what the policies of all queues deny. What they allow stays."""
    for url in sqs.list_queues().get("QueueUrls", []):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})
        policy = json.loads(attributes.get("Policy") or '{"Statement": []}')
        allowed = [statement for statement in policy["Statement"] if statement["Effect"] == "Allow"]
        text = json.dumps({**policy, "Statement": allowed}) if allowed else ""
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": text})


@contextmanager
def deployed_stack(
    built: Path,
    venvs: Path,
    parameters: Mapping[str, str],
    prepare: Callable[[MiniStack], Mapping[str, str]] = lambda _: {},
) -> Iterator[DeployedStack]:
    """Start MiniStack and deploy to it; stop it when the block ends.

    Args:
        built: the artifact for this machine's processor.
        venvs: the directory of the virtual environments `sam` and `ministack`.
        parameters: the parameters of the template.
        prepare: makes what the account has before the stack, and returns the parameters that name it.
    """
    with tempfile.TemporaryDirectory(prefix=HOME_PREFIX) as directory:
        home = Path(directory)
        with ministack(venvs / "ministack", home) as aws:
            yield deploy(aws, built, venvs / "sam" / "bin" / "sam", home, {**parameters, **prepare(aws)})


def to_json_bytes(value: object) -> bytes:
    """Encode a request body."""
    return json.dumps(value).encode()

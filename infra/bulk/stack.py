"""A deployed stack as the bulk command needs it: upload a list, find its run, see how far it is."""

import json
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

START_SECONDS = 60.0
"""EventBridge starts a run within a second or two; who waits longer waits for nothing."""

_CONFIG = Config(retries={"mode": "standard", "max_attempts": 8})
_NEEDED = {"InboxBucketName", "ImageBucketName", "StateMachineArn"}


class BulkError(Exception):
    """It cannot go on; the text says why."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is.

    Attributes:
        status: of the execution: RUNNING, SUCCEEDED, FAILED, TIMED_OUT, ABORTED.
        total: Files that are known of; 0 until the list is read.
        done: Files whose batch is through, whatever became of their images.
        failed: Files whose batch broke.
        error: why it failed, if it did.
    """

    status: str
    total: int = 0
    done: int = 0
    failed: int = 0
    error: str = ""

    @property
    def running(self) -> bool:
        return self.status == "RUNNING"


class Stack:
    """The outputs of a stack, and calls to what they name.

    Credentials and region are boto3's own: of the environment.
    """

    def __init__(self, name: str, endpoint: str | None = None) -> None:
        """Read the stack's outputs.

        Raises:
            BulkError: there is no such stack, or it has no bulk door.
        """
        self._endpoint = endpoint
        try:
            described = self._client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            raise BulkError(f"The stack {name} cannot be read: {error.response['Error'].get('Message')}") from error
        outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
        if missing := _NEEDED - outputs.keys():
            raise BulkError(f"The stack {name} has no {' and no '.join(sorted(missing))} among its outputs.")
        self.inbox: str = outputs["InboxBucketName"]
        self.images: str = outputs["ImageBucketName"]
        self._machine: str = outputs["StateMachineArn"]
        self._s3, self._states = self._client("s3"), self._client("stepfunctions")

    def _client(self, service: Any) -> Any:  # noqa: ANN401 - boto3 makes its classes as it runs
        return boto3.client(service, endpoint_url=self._endpoint, config=_CONFIG)

    @staticmethod
    def key_for(path: Path) -> str:
        """Make up a name under bulk/ that no other list has."""
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        return f"bulk/{path.stem}-{moment}-{secrets.token_hex(3)}{path.suffix.lower()}"

    def upload(self, path: Path, key: str) -> None:
        """Put a list into the inbox, which starts its run."""
        self._s3.upload_file(str(path), self.inbox, key)

    def has(self, key: str) -> bool:
        """Whether a list has arrived."""
        listed = self._s3.list_objects_v2(Bucket=self.inbox, Prefix=key, MaxKeys=1)
        return bool(listed.get("KeyCount"))

    def find(self, key: str) -> str:
        """Wait for the run of a list to start, and return its ARN.

        Raises:
            BulkError: it did not start.
        """
        until = time.monotonic() + START_SECONDS
        seen: set[str] = set()
        while time.monotonic() < until:
            for execution in self._states.list_executions(stateMachineArn=self._machine)["executions"]:
                arn = str(execution["executionArn"])
                if arn not in seen and self._key_of(arn) == key:
                    return arn
                seen.add(arn)
            time.sleep(0.5)
        raise BulkError(f"No run has started for s3://{self.inbox}/{key} within {START_SECONDS:.0f} seconds.")

    def _key_of(self, arn: str) -> str | None:
        described = json.loads(self._states.describe_execution(executionArn=arn).get("input") or "{}")
        match described:
            case {"detail": {"object": {"key": str(key)}}}:
                return key
        return None

    def progress(self, arn: str) -> Progress:
        """Ask how far a run is."""
        execution = self._states.describe_execution(executionArn=arn)
        status, error = str(execution["status"]), str(execution.get("error", ""))
        cause = f"{error}: {execution.get('cause', '')}".strip(": ")
        runs = self._states.list_map_runs(executionArn=arn)["mapRuns"]
        if not runs:
            return Progress(status, error=cause)
        counts = self._states.describe_map_run(mapRunArn=runs[0]["mapRunArn"])["itemCounts"]
        broken = counts["failed"] + counts["timedOut"] + counts["aborted"]
        return Progress(status, counts["total"], counts["succeeded"] + broken, broken, cause)

    def summary(self, run: str) -> dict[str, Any] | None:
        """Read the summary of a run, if there is one."""
        try:
            answer = self._s3.get_object(Bucket=self.images, Key=f"runs/{run}/summary.json")
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            raise
        found: dict[str, Any] = json.loads(answer["Body"].read())
        return found


def named(arn: str) -> str:
    """Return the name of a run: the last part of its ARN."""
    return arn.rpartition(":")[2]

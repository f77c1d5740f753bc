"""Stack: the calls of `make bulk` to a deployed stack. They upload a list, find its run, read progress and summary."""

import json
import secrets
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.bulk.progress import Progress
from infra.bulk.stored_objects import find_object

START_SECONDS = 60.0
"""Time limit for the start of a run. EventBridge usually starts one within two seconds."""

MAX_CONNECTIONS = 16
"""Requests to S3 at the same time."""

_CONFIG = Config(retries={"mode": "standard", "max_attempts": 8}, max_pool_connections=MAX_CONNECTIONS)
_OUTPUTS = {"InboxBucketName", "ImageBucketName", "StateMachineArn"}
_NO_SUCH_RUN = {"ExecutionDoesNotExist", "InvalidArn", "ValidationException"}


class BulkError(Exception):
    """The command cannot continue; the text says why."""


class Stack:
    """The outputs of a stack, and calls to the resources that they name.

    boto3 takes the credentials and the region from the environment.

    Attributes:
        inbox: the bucket that lists are uploaded to.
        images: the bucket of images, receipts and results of runs.
        machine: ARN of the state machine.
        outputs: every output of the stack, by its name.
        s3: a client, which threads may share.
    """

    def __init__(self, name: str, endpoint: str | None = None) -> None:
        """Read the outputs of the stack.

        Raises:
            BulkError: there is no such stack, or it has no bulk entry point.
        """
        self._name = name
        self._endpoint = endpoint
        try:
            described = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        except ClientError as error:
            raise BulkError(f"The stack {name} cannot be read: {error.response['Error'].get('Message')}") from error
        self.outputs = {output["OutputKey"]: str(output["OutputValue"]) for output in described.get("Outputs", [])}
        if missing := _OUTPUTS - self.outputs.keys():
            raise BulkError(f"The stack {name} does not have these outputs: {', '.join(sorted(missing))}.")
        self.inbox = self.outputs["InboxBucketName"]
        self.images = self.outputs["ImageBucketName"]
        self.machine = self.outputs["StateMachineArn"]
        self.s3, self._states = self.client("s3"), self.client("stepfunctions")

    def client(self, service: Any, config: Config = _CONFIG) -> Any:  # noqa: ANN401 - boto3 creates its classes at run time
        """Create a client for the same AWS."""
        return boto3.client(service, endpoint_url=self._endpoint, config=config)

    @staticmethod
    def new_key(path: Path) -> str:
        """Return a key under bulk/ that no other list has, for the JSON lines of a list."""
        moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        stem = path.stem.encode(errors="replace").decode()  # names of files may be no text in UTF-8
        return f"bulk/{stem}-{moment}-{secrets.token_hex(3)}.jsonl"

    def upload(self, path: Path, key: str) -> None:
        """Upload a list to the inbox, which starts its run."""
        self.s3.upload_file(str(path), self.inbox, key)

    def has_list(self, key: str) -> bool:
        """Whether a list is in the inbox."""
        listed = self.s3.list_objects_v2(Bucket=self.inbox, Prefix=key, MaxKeys=1)
        return bool(listed.get("KeyCount"))

    def wait_for_run(self, key: str) -> str:
        """Wait until the run of a list has started, and return its ARN.

        Raises:
            BulkError: the run has not started within START_SECONDS.
        """
        deadline = time.monotonic() + START_SECONDS
        seen: set[str] = set()
        while time.monotonic() < deadline:
            if arn := self.find_run_of(key, seen):
                return arn
            time.sleep(0.5)
        raise BulkError(f"No run has started for s3://{self.inbox}/{key} within {START_SECONDS:.0f} seconds.")

    def find_run_of(self, key: str, seen: set[str]) -> str | None:
        """Return the ARN of the run of a list; None if no run has started.

        Args:
            key: the key of the list.
            seen: runs of other lists, which are not read again. Those that are found now are added.
        """
        for execution in self._states.list_executions(stateMachineArn=self.machine)["executions"]:
            arn = str(execution["executionArn"])
            if arn not in seen and self._key_of(arn) == key:
                return arn
            seen.add(arn)
        return None

    def _key_of(self, arn: str) -> str | None:
        described = json.loads(self._states.describe_execution(executionArn=arn).get("input") or "{}")
        match described:
            case {"detail": {"object": {"key": str(key)}}}:
                return key
        return None

    def find_run(self, run: str) -> str:
        """Return the ARN of a run.

        Args:
            run: its name or its ARN.

        Raises:
            BulkError: this stack has no such run.
        """
        prefix = f"{self.machine.replace(':stateMachine:', ':execution:')}:"
        arn = run if run.startswith("arn:") else prefix + run
        if arn.startswith(prefix) and self._exists(arn):
            return arn
        raise BulkError(f"The stack {self._name} has no run {run}. Check RUN and STACK.")

    def _exists(self, arn: str) -> bool:
        try:
            self._states.describe_execution(executionArn=arn)
        except ClientError as error:
            if error.response["Error"]["Code"] in _NO_SUCH_RUN:
                return False
            raise
        return True

    def stop_run(self, arn: str) -> None:
        """Stop a run. A run that has ended does not change."""
        self._states.stop_execution(executionArn=arn, cause="The command that started the run has ended.")

    def progress(self, arn: str) -> Progress:
        """Read the progress of a run."""
        execution = self._states.describe_execution(executionArn=arn)
        end = execution.get("stopDate") or datetime.now(UTC)
        seconds = max(0.0, (end - execution["startDate"]).total_seconds())
        error = f"{execution.get('error', '')}: {execution.get('cause', '')}".strip(": ")
        counts = self._counts(arn)
        failed = counts["failed"] + counts["timedOut"] + counts["aborted"]
        done = counts["succeeded"] + failed
        return Progress(str(execution["status"]), counts["total"], done, failed, seconds, error)

    def _counts(self, arn: str) -> dict[str, int]:
        runs = [run for run in self._states.list_map_runs(executionArn=arn)["mapRuns"] if not _reads_header(run)]
        if not runs:
            return dict.fromkeys(("total", "succeeded", "failed", "timedOut", "aborted"), 0)
        arn = runs[0]["mapRunArn"]
        counts: dict[str, int] = self._states.describe_map_run(mapRunArn=arn)["itemCounts"]
        if "/CsvRows:" in arn:  # the first row is an item too
            counts |= {name: max(0, counts[name] - 1) for name in ("total", "succeeded")}
        return counts

    def summary(self, run: str) -> dict[str, Any] | None:
        """Read the summary of a run (its name); None if there is none."""
        response = find_object(self.s3, self.images, f"runs/{run}/summary.json")
        if response is None:
            return None
        summary: dict[str, Any] = json.loads(response["Body"].read())
        return summary


def _reads_header(map_run: Mapping[str, Any]) -> bool:
    """Whether a map run only reads the first row of a CSV list; its ARN has the label of the map."""
    return "/CsvHeader:" in map_run["mapRunArn"]


def run_name(arn: str) -> str:
    """Return the name of a run: the last part of its ARN."""
    return arn.rpartition(":")[2]

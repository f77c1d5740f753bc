"""ResultWriter of a Distributed Map, as AWS documents it, and the S3 PUT that it needs. MiniStack ignores it."""

import importlib
import json
from collections.abc import Mapping
from typing import Any

from infra.local.ministack_patches import roles

NOT_STARTED = "NotStarted"
"""The error of a batch that was not started because the run had already failed. Only these patches use it."""


def write_results(states: Any, state: dict[str, Any], effective: Any, execution: Any, ctx: Any) -> dict[str, Any]:  # noqa: ANN401 - MiniStack's own
    """Write the results of all batches, one file for each status, and a manifest of the files.

    Returns:
        The output of the map: the ARN of its run and the key of the manifest.
    """
    runs = [arn for arn, run in states._map_runs.items() if run["executionArn"] == execution["executionArn"]]  # noqa: SLF001
    [arn] = [arn for arn in runs if f"/{state['Label']}:" in arn]
    target = states._resolve_params_obj(state["ResultWriter"]["Parameters"], effective, ctx)  # noqa: SLF001
    folder = f"{target['Prefix']}/{arn.rpartition(':')[2]}"
    files: dict[str, list[dict[str, str]]] = {"PENDING": [], "FAILED": [], "SUCCEEDED": []}
    for status, written in files.items():
        if results := [_to_result(child) for child in children_of(states, arn) if status_of(child) == status]:
            put_object(target["Bucket"], f"{folder}/{status}_0.json", results)
            written.append({"Key": f"{folder}/{status}_0.json"})
    manifest = {"DestinationBucket": target["Bucket"], "MapRunArn": arn, "ResultFiles": files}
    put_object(target["Bucket"], f"{folder}/manifest.json", manifest)
    return {"MapRunArn": arn, "ResultWriterDetails": {"Bucket": target["Bucket"], "Key": f"{folder}/manifest.json"}}


def put_object(bucket: str, key: str, content: object) -> None:
    """Store a value as JSON, with the role of the running state machine.

    Raises:
        _ExecutionError: MiniStack's; the role lacks s3:PutObject.
        RuntimeError: S3 refused the object.
    """
    roles.require(states_module(), "s3:PutObject", f"arn:aws:s3:::{bucket}/{key}")
    s3: Any = importlib.import_module("ministack.services.s3")
    body = json.dumps(content).encode()
    status, _, response = s3._put_object(bucket, key, body, {"content-type": "application/json"})  # noqa: SLF001
    if status != 200:  # noqa: PLR2004 - HTTP's own
        raise RuntimeError(f"S3 answered the PUT of {key} with {status}: {response!r}")


def states_module() -> Any:  # noqa: ANN401 - a module that the type checker does not see
    """Return MiniStack's module of Step Functions."""
    return importlib.import_module("ministack.services.stepfunctions")


def children_of(states: Any, map_run: str) -> list[dict[str, Any]]:  # noqa: ANN401 - MiniStack's own
    """Return the executions of a map run: one for each batch."""
    executions = list(states._executions.values())  # noqa: SLF001
    return [execution for execution in executions if execution.get("mapRunArn") == map_run]


def status_of(child: Mapping[str, Any]) -> str:
    """Return the status of a batch; PENDING if it was never started."""
    return "PENDING" if child.get("error") == NOT_STARTED else child["status"]


def _to_result(child: Mapping[str, Any]) -> dict[str, Any]:
    members = ("executionArn", "input", "name", "output", "error", "cause", "startDate", "status", "stopDate")
    return {name[0].upper() + name[1:]: child[name] for name in members if child.get(name) is not None}

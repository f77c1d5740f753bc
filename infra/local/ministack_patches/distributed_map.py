"""What MiniStack leaves out of a Distributed Map, put in: batches, results written to S3, and aws-sdk:s3:putObject.

MiniStack 1.5.33 ignores ItemBatcher and ResultWriter without a word, and has no PutObject among its integrations. It
gives a batch the name of the run for that of its execution, goes on after more failures than are tolerated, and lets
States.ALL catch what it does not catch. This runs it as AWS documents all that, by standing before functions of its
own (the version is pinned; the end-to-end tests say when that breaks). It runs in MiniStack's environment: nothing but
that and the standard library is there.
"""

import importlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from infra.local.ministack_patches import rights
from infra.local.ministack_patches.item_batcher import batches

_ENDED = {"SUCCEEDED": "succeeded", "FAILED": "failed", "RUNNING": "running"}
_UNCAUGHT = {"States.DataLimitExceeded", "States.Runtime"}
_NOT_BEGUN = "NotBegun"
"""The error of a batch that was not run because the run had been given up: a mark of ours, which nobody sees."""


def install(states: Any) -> None:  # noqa: ANN401 - a module that the type checker does not see
    """Put batches and results into `ministack.services.stepfunctions`."""
    lines: dict[str, int] = {}
    states._run_distributed_map = _batched(states, states._run_distributed_map, lines)  # noqa: SLF001
    states._run_sub_machine = _one_by_one(states, states._run_sub_machine, lines)  # noqa: SLF001
    states._map_run_view = _counting_items(states, states._map_run_view, lines)  # noqa: SLF001
    states._error_matches = _catching_less(states._error_matches)  # noqa: SLF001
    states._invoke_aws_sdk_integration = _with_put_object(states._invoke_aws_sdk_integration)  # noqa: SLF001


def _batched(states: Any, run_plain: Callable[..., Any], lines: dict[str, int]) -> Callable[..., Any]:  # noqa: ANN401 - see install
    def run(state: dict[str, Any], raw: Any, effective: Any, iterator: Any, execution: Any, ctx: Any) -> Any:  # noqa: ANN401, PLR0913, PLR0917 - MiniStack's own signature
        rights.act(states, execution)
        listed = states._resolve_params_obj(state["ItemReader"]["Parameters"], effective, ctx)  # noqa: SLF001
        rights.demand("s3:GetObject", f"arn:aws:s3:::{listed['Bucket']}/{listed['Key']}")
        rights.demand("states:StartExecution", execution["stateMachineArn"])
        try:
            items = states._read_map_items(state["ItemReader"], effective, ctx)  # noqa: SLF001
        except ValueError as error:
            raise states._ExecutionError("States.ItemReaderFailed", str(error)) from error  # noqa: SLF001
        lines[execution["executionArn"]] = len(items)
        batcher = state["ItemBatcher"]
        given = states._resolve_params_obj(batcher["BatchInput"], effective, ctx)  # noqa: SLF001
        try:
            made = list(batches(items, batcher, given))
        except ValueError as error:
            raise states._ExecutionError("States.DataLimitExceeded", str(error)) from error  # noqa: SLF001
        apart = {"ItemReader", "ItemBatcher", "ResultWriter", "ResultPath"}
        plain = {name: value for name, value in state.items() if name not in apart} | {"ItemsPath": "$"}
        try:
            _, after = run_plain(plain, raw, made, iterator, execution, ctx)
        finally:
            details = _write_results(states, state["ResultWriter"], effective, execution, ctx)
        return states._apply_result_path(state, raw, details), after  # noqa: SLF001

    return run


def _one_by_one(states: Any, run_plain: Callable[..., Any], lines: dict[str, int]) -> Callable[..., Any]:  # noqa: ANN401 - see install
    """A batch is an execution with a name of its own, and is not begun once too many have failed."""

    def run(machine: Any, start: str, given: Any, execution: dict[str, Any], ctx: dict[str, Any]) -> Any:  # noqa: ANN401 - MiniStack's own signature
        if map_run := states._map_runs.get(execution.get("mapRunArn")):  # noqa: SLF001
            broken = [child for child in _children(states, map_run["mapRunArn"]) if _status(child) == "FAILED"]
            tolerated = map_run["toleratedFailurePercentage"] * lines[map_run["executionArn"]]
            if sum(map(_items, broken)) * 100 > tolerated:
                raise states._ExecutionError(_NOT_BEGUN, "The run has been given up.")  # noqa: SLF001
            of = {"Id": execution["executionArn"], "Name": execution["name"], "StartTime": execution["startDate"]}
            ctx = {**ctx, "Execution": {**of, "Input": given}}
        return run_plain(machine, start, given, execution, ctx)

    return run


def _catching_less(matches_plain: Callable[[list[str], str], bool]) -> Callable[[list[str], str], bool]:
    def matches(names: list[str], error: str) -> bool:
        return error in names if error in _UNCAUGHT else matches_plain(names, error)

    return matches


def _write_results(states: Any, writer: dict[str, Any], effective: Any, execution: Any, ctx: Any) -> dict[str, Any]:  # noqa: ANN401 - see install
    """Write what the batches came to, each with its input, as ResultWriter does: a file for each way to end."""
    [arn] = [arn for arn, run in states._map_runs.items() if run["executionArn"] == execution["executionArn"]]  # noqa: SLF001
    where = states._resolve_params_obj(writer["Parameters"], effective, ctx)  # noqa: SLF001
    place = f"{where['Prefix']}/{arn.rpartition(':')[2]}"
    files: dict[str, list[dict[str, str]]] = {"PENDING": [], "FAILED": [], "SUCCEEDED": []}
    for status, written in files.items():
        if ended := [_public(child) for child in _children(states, arn) if _status(child) == status]:
            _put(where["Bucket"], f"{place}/{status}_0.json", ended)
            written.append({"Key": f"{place}/{status}_0.json"})
    manifest = {"DestinationBucket": where["Bucket"], "MapRunArn": arn, "ResultFiles": files}
    _put(where["Bucket"], f"{place}/manifest.json", manifest)
    return {"MapRunArn": arn, "ResultWriterDetails": {"Bucket": where["Bucket"], "Key": f"{place}/manifest.json"}}


def _with_put_object(integrate_plain: Callable[..., Any]) -> Callable[..., Any]:
    def integrate(resource: str, given: dict[str, Any]) -> Any:  # noqa: ANN401 - what a state answers
        if not resource.endswith(":aws-sdk:s3:putObject"):
            return integrate_plain(resource, given)
        _put(given["Bucket"], given["Key"], given["Body"])
        return {}

    return integrate


def _put(bucket: str, key: str, content: object) -> None:
    rights.demand("s3:PutObject", f"arn:aws:s3:::{bucket}/{key}")
    s3 = importlib.import_module("ministack.services.s3")
    body = json.dumps(content).encode()
    status, _, answer = s3._put_object(bucket, key, body, {"content-type": "application/json"})  # noqa: SLF001
    if status != 200:  # noqa: PLR2004 - HTTP's own
        raise RuntimeError(f"PUT of {key} was answered {status}: {answer!r}")


def _children(states: Any, map_run: str) -> list[dict[str, Any]]:  # noqa: ANN401 - see install
    every = list(states._executions.values())  # noqa: SLF001
    return [execution for execution in every if execution.get("mapRunArn") == map_run]


def _status(child: Mapping[str, Any]) -> str:
    return "PENDING" if child.get("error") == _NOT_BEGUN else child["status"]


def _items(child: Mapping[str, Any]) -> int:
    return len(json.loads(child["input"])["Items"])


def _public(child: Mapping[str, Any]) -> dict[str, Any]:
    shown = ("executionArn", "input", "name", "output", "error", "cause", "startDate", "status", "stopDate")
    return {name[0].upper() + name[1:]: child[name] for name in shown if child.get(name) is not None}


def _counting_items(states: Any, view_plain: Callable[..., Any], lines: dict[str, int]) -> Callable[..., Any]:  # noqa: ANN401 - see install
    """DescribeMapRun counts items where MiniStack, which takes a batch for one, would count batches."""

    def view(run: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = view_plain(run)
        counts = dict.fromkeys(shown["itemCounts"], 0) | {"total": lines[run["executionArn"]]}
        for child in _children(states, run["mapRunArn"]):
            if _status(child) in _ENDED:
                counts[_ENDED[_status(child)]] += _items(child)
        counts["pending"] = counts["total"] - sum(counts[name] for name in _ENDED.values())
        return {**shown, "itemCounts": counts}

    return view

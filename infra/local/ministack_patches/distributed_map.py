"""Patches of Step Functions: a Distributed Map with batches, results and a tolerated failure percentage."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from infra.local.ministack_patches import roles
from infra.local.ministack_patches.csv_reader import parse_rows, to_item
from infra.local.ministack_patches.item_batcher import batches
from infra.local.ministack_patches.result_writer import (
    NOT_STARTED,
    children_of,
    put_object,
    states_module,
    status_of,
    write_results,
)

_ITEM_COUNTS = {"SUCCEEDED": "succeeded", "FAILED": "failed", "RUNNING": "running"}
_NOT_CAUGHT_BY_ALL = {"States.DataLimitExceeded", "States.Runtime"}


def apply() -> None:
    """Replace the functions of `ministack.services.stepfunctions`."""
    states = states_module()
    item_totals: dict[str, int] = {}  # items of the list, by the ARN of the execution that reads it
    states._run_distributed_map = _add_batches(states, states._run_distributed_map, item_totals)  # noqa: SLF001
    states._run_sub_machine = _limit_failures(states, states._run_sub_machine, item_totals)  # noqa: SLF001
    states._parse_reader_items = _read_as_documented(states._parse_reader_items)  # noqa: SLF001
    states._map_run_view = _count_items(states, states._map_run_view, item_totals)  # noqa: SLF001
    states._error_matches = _limit_catch_all(states._error_matches)  # noqa: SLF001
    states._invoke_aws_sdk_integration = _add_put_object(states._invoke_aws_sdk_integration)  # noqa: SLF001


def _add_batches(states: Any, original: Callable[..., Any], item_totals: dict[str, int]) -> Callable[..., Any]:  # noqa: ANN401 - MiniStack's own
    """Group the items into batches, and write the results to S3. A map without ItemBatcher runs as MiniStack runs it.

    AWS: ItemSelector changes each item, then ItemBatcher groups items into the inputs of child executions; ResultWriter
    exports their results to S3; an item larger than a batch is States.DataLimitExceeded, a list that cannot be read
    States.ItemReaderFailed. The role of the state machine needs s3:GetObject on the list and states:StartExecution on
    the state machine.
    MiniStack: ignores the last two fields without an error, starts one child for each item, and checks no permission.
    """

    def run(state: dict[str, Any], raw: Any, effective: Any, iterator: Any, execution: Any, ctx: Any) -> Any:  # noqa: ANN401, PLR0913, PLR0917 - MiniStack's own signature
        roles.use_role_of(states, execution)
        items = _select(states, state, _read_items(states, state, effective, execution, ctx), effective, ctx)
        item_totals[execution["executionArn"]] = len(items)
        if "ItemBatcher" not in state:
            return original(state, raw, effective, iterator, execution, ctx)
        batcher = state["ItemBatcher"]
        batch_input = states._resolve_params_obj(batcher["BatchInput"], effective, ctx)  # noqa: SLF001
        try:
            inputs = list(batches(items, batcher, batch_input))
        except ValueError as error:
            raise states._ExecutionError("States.DataLimitExceeded", str(error)) from error  # noqa: SLF001
        replaced = {"ItemReader", "ItemSelector", "ItemBatcher", "ResultWriter", "ResultPath"}
        plain = {name: value for name, value in state.items() if name not in replaced} | {"ItemsPath": "$"}
        try:
            _, next_state = original(plain, raw, inputs, iterator, execution, ctx)
        finally:
            output = write_results(states, state, effective, execution, ctx)
        return states._apply_result_path(state, raw, output), next_state  # noqa: SLF001

    return run


def _read_items(states: Any, state: dict[str, Any], effective: Any, execution: Any, ctx: Any) -> list[Any]:  # noqa: ANN401 - MiniStack's own
    source = states._resolve_params_obj(state["ItemReader"]["Parameters"], effective, ctx)  # noqa: SLF001
    roles.require(states, "s3:GetObject", f"arn:aws:s3:::{source['Bucket']}/{source['Key']}")
    roles.require(states, "states:StartExecution", execution["stateMachineArn"])
    try:
        items: list[Any] = states._read_map_items(state["ItemReader"], effective, ctx)  # noqa: SLF001
    except ValueError as error:
        raise states._ExecutionError("States.ItemReaderFailed", str(error)) from error  # noqa: SLF001
    return items


def _select(states: Any, state: dict[str, Any], items: list[Any], effective: Any, ctx: Any) -> list[Any]:  # noqa: ANN401 - MiniStack's own
    if "ItemSelector" not in state:
        return items
    contexts = ({**ctx, "Map": {"Item": {"Index": index, "Value": item}}} for index, item in enumerate(items))
    return [states._resolve_params_obj(state["ItemSelector"], effective, context) for context in contexts]  # noqa: SLF001


def _read_as_documented(original: Callable[..., list[Any]]) -> Callable[[str, dict[str, Any]], list[Any]]:
    """Read CSV by the rules of AWS, and skip byte order marks before JSON lines.

    AWS: removes backslashes from CSV, among other rules. What it does with a byte order mark is not documented.
    MiniStack: reads CSV with Python's module, and fails at a byte order mark before JSON.
    """

    def read(text: str, config: dict[str, Any]) -> list[Any]:
        if config["InputType"] == "CSV":
            rows = list(parse_rows(text))
            columns = config.get("CSVHeaders") or (rows.pop(0) if rows else [])
            return [to_item(cells, columns) for cells in rows]
        return original("\n".join(line.removeprefix("\ufeff") for line in text.split("\n")), config)

    return read


def _limit_failures(states: Any, original: Callable[..., Any], item_totals: dict[str, int]) -> Callable[..., Any]:  # noqa: ANN401 - MiniStack's own
    """Give each batch its own execution name, and start no batch after too many items have failed.

    AWS: a child execution has its own name in `$$.Execution`; the map fails when the share of failed items exceeds
    ToleratedFailurePercentage, and no further child starts.
    MiniStack: a child has the name of its parent, and all children start.
    """

    def run(machine: Any, start: str, input_: Any, execution: dict[str, Any], ctx: dict[str, Any]) -> Any:  # noqa: ANN401 - MiniStack's own signature
        if map_run := states._map_runs.get(execution.get("mapRunArn")):  # noqa: SLF001
            failed = [child for child in children_of(states, map_run["mapRunArn"]) if status_of(child) == "FAILED"]
            tolerated = map_run["toleratedFailurePercentage"] * item_totals[map_run["executionArn"]]
            if sum(map(_count, failed)) * 100 > tolerated:
                raise states._ExecutionError(NOT_STARTED, "The tolerated failure percentage is exceeded.")  # noqa: SLF001
            own = {"Id": execution["executionArn"], "Name": execution["name"], "StartTime": execution["startDate"]}
            ctx = {**ctx, "Execution": {**own, "Input": input_}}
        return original(machine, start, input_, execution, ctx)

    return run


def _count_items(states: Any, original: Callable[..., Any], item_totals: dict[str, int]) -> Callable[..., Any]:  # noqa: ANN401 - MiniStack's own
    """Count items in DescribeMapRun.

    AWS: `itemCounts` counts items of the list.
    MiniStack: counts child executions, each of which has many items.
    """

    def describe(run: dict[str, Any]) -> dict[str, Any]:
        description: dict[str, Any] = original(run)
        counts = dict.fromkeys(description["itemCounts"], 0) | {"total": item_totals[run["executionArn"]]}
        for child in children_of(states, run["mapRunArn"]):
            if status_of(child) in _ITEM_COUNTS:
                counts[_ITEM_COUNTS[status_of(child)]] += _count(child)
        counts["pending"] = counts["total"] - sum(counts[name] for name in _ITEM_COUNTS.values())
        return {**description, "itemCounts": counts}

    return describe


def _count(child: Mapping[str, Any]) -> int:
    return len(json.loads(child["input"]).get("Items", ["the first row of CSV"]))


def _limit_catch_all(original: Callable[[list[str], str], bool]) -> Callable[[list[str], str], bool]:
    """Make States.ALL catch fewer errors.

    AWS: States.ALL catches neither States.DataLimitExceeded nor States.Runtime.
    MiniStack: States.ALL catches every error.
    """

    def matches(names: list[str], error: str) -> bool:
        return error in names if error in _NOT_CAUGHT_BY_ALL else original(names, error)

    return matches


def _add_put_object(original: Callable[..., Any]) -> Callable[..., Any]:
    """Add the integration aws-sdk:s3:putObject.

    AWS: a task can call nearly every API action of the SDK; the body of a PutObject is stored as JSON.
    MiniStack: has no s3:putObject among its integrations.
    """

    def integrate(resource: str, parameters: dict[str, Any]) -> Any:  # noqa: ANN401 - the output of a state
        if not resource.endswith(":aws-sdk:s3:putObject"):
            return original(resource, parameters)
        put_object(parameters["Bucket"], parameters["Key"], parameters["Body"])
        return {}

    return integrate

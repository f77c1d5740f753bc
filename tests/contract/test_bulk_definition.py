"""infra/bulk.asl.yaml uses a Distributed Map as AWS documents it.

The tests only read the definition. They prove that its fields, names and sizes are permitted, and that they fit each
other and the template. "Page" means a page of the AWS Step Functions developer guide.
"""

import re
from typing import Any

import pytest
from infra.build.template_file import ROOT, list_functions, load
from infra.bulk.input_limit import MAX_INPUT_BYTES

from support.state_machine_definition import SUBSTITUTIONS, VALUES, definition

TEMPLATE = load()
TEXT = (ROOT / "infra" / "bulk.asl.yaml").read_text()
STATES: dict[str, dict[str, Any]] = definition()["States"]
HEADER = STATES["CsvHeader"]
MAPS = {name: state for name, state in STATES.items() if state["Type"] == "Map" and state is not HEADER}
EXPRESS_SECONDS = 300  # page "Quotas": the longest run of an express execution

each_map = pytest.mark.parametrize("name", MAPS)


def children(name: str) -> dict[str, dict[str, Any]]:
    states: dict[str, dict[str, Any]] = MAPS[name]["ItemProcessor"]["States"]
    return states


def every_state() -> dict[str, dict[str, Any]]:
    return STATES | {name: state for of in MAPS for name, state in children(of).items()}


def longest_waits(retriers: list[dict[str, Any]]) -> float:
    """Sum the longest waits: full jitter waits at most as long as no jitter."""
    waits: list[float] = [
        min(r["IntervalSeconds"] * r.get("BackoffRate", 2) ** attempt, r.get("MaxDelaySeconds", 1e9))
        for r in retriers
        for attempt in range(r["MaxAttempts"])
    ]
    return sum(waits)


def test_every_placeholder_is_substituted_and_every_substitution_is_used() -> None:
    assert set(re.findall(r"\$\{(\w+)\}", TEXT)) == set(SUBSTITUTIONS)
    assert "${" not in str(definition())


def test_numeric_placeholders_become_numbers() -> None:
    """AWS rejects strings here. In quotes, a placeholder would become a string."""
    for state in MAPS.values():
        numbers = state["MaxConcurrency"], state["ToleratedFailurePercentage"], state["ItemBatcher"]["MaxItemsPerBatch"]
        assert [type(number) for number in numbers] == [int, int, int]


def test_parameters_permit_only_values_that_a_map_permits() -> None:
    """Page "Distributed Map": concurrency up to 10,000, a percentage of 0 to 100, batches of at least one item."""
    bounds = {
        name: (parameter["MinValue"], parameter["MaxValue"])
        for name, parameter in TEMPLATE["Parameters"].items()
        if name.startswith("Bulk")
    }
    assert {
        SUBSTITUTIONS[name]["Ref"] for name in ("BatchSize", "MaxConcurrency", "ToleratedFailurePercentage")
    } == set(bounds)
    assert bounds["BulkMaxConcurrency"][0] >= 1  # 0 would mean 10,000
    assert bounds["BulkMaxConcurrency"][1] <= 10_000
    assert bounds["BulkToleratedFailurePercentage"] == (0, 100)
    assert bounds["BulkBatchSize"][0] >= 1


def test_maps_differ_only_in_the_format_that_they_read() -> None:
    lines, rows = (str(state["ItemProcessor"]).replace(name, "X") for name, state in MAPS.items())
    assert lines == rows
    differing = {field for field in MAPS["JsonLines"] if MAPS["JsonLines"][field] != MAPS["CsvRows"][field]}
    assert differing == {"ItemReader", "ItemSelector", "ItemProcessor", "Label"}


def test_list_is_read_in_the_format_of_its_suffix() -> None:
    """Page "ItemReader (Map)": InputType and, for CSV, the location of the header."""
    assert [choice["Next"] for choice in STATES["WhichList"]["Choices"][:2]] == ["JsonLines", "CsvHeader"]
    assert [choice["StringMatches"] for choice in STATES["WhichList"]["Choices"][:2]] == ["*.jsonl", "*.csv"]
    assert MAPS["JsonLines"]["ItemReader"]["ReaderConfig"] == {"InputType": "JSONL"}
    columns = [str(number) for number in range(1, 33)]
    config = {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": columns}
    assert MAPS["CsvRows"]["ItemReader"]["ReaderConfig"] == config
    assert HEADER["ItemReader"] == MAPS["CsvRows"]["ItemReader"] | {"ReaderConfig": config | {"MaxItems": 1}}


def test_first_row_of_csv_reaches_each_item() -> None:
    assert HEADER["ItemProcessor"]["States"] == {"FirstRow": {"Type": "Pass", "End": True}}
    assert (HEADER["ResultPath"], HEADER["Next"]) == ("$.header", "CsvRows")
    selector = {"index.$": "$$.Map.Item.Index", "item.$": "$$.Map.Item.Value", "header.$": "$.header"}
    assert MAPS["CsvRows"]["ItemSelector"] == selector
    assert MAPS["JsonLines"]["ItemSelector"] == {name: path for name, path in selector.items() if name != "header.$"}


@each_map
def test_map_has_only_fields_of_a_distributed_map(name: str) -> None:
    """Page "Using Map state in Distributed mode"."""
    state = MAPS[name]
    allowed = {"Type", "Label", "ItemReader", "ItemBatcher", "MaxConcurrency", "ToleratedFailurePercentage"}
    assert set(state) == allowed | {"ItemSelector", "ItemProcessor", "ResultWriter", "ResultPath", "Catch", "Next"}
    assert state["ItemReader"]["Resource"] == "arn:aws:states:::s3:getObject"
    assert state["ResultWriter"]["Resource"] == "arn:aws:states:::s3:putObject"
    assert set(state["ResultWriter"]["Parameters"]) == {"Bucket", "Prefix.$"}
    assert set(state["ItemBatcher"]) == {"MaxItemsPerBatch", "MaxInputBytesPerBatch", "BatchInput"}
    assert state["ItemProcessor"]["ProcessorConfig"] == {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}
    assert re.fullmatch(r"[A-Za-z0-9]{1,40}", state["Label"])


@each_map
def test_largest_batch_fits_into_the_input_of_every_state(name: str) -> None:
    """Page "Quotas": the input and output of a state are at most 256 KiB.

    A batch also contains the name of its run, at most 80 characters. A broken one contains an error of at most 256 and
    a cause of at most 32,768 characters (API reference, ExecutionFailed).
    """
    assert MAPS[name]["ItemBatcher"]["MaxInputBytesPerBatch"] + 300 + 256 + 32_768 <= MAX_INPUT_BYTES
    # The error of storing a broken batch is not added: a second cause would not fit.
    assert {catcher["ResultPath"] for catcher in children(name)[f"Keep{name}"]["Catch"]} == {None}


@each_map
def test_batch_and_its_retries_end_within_an_express_execution(name: str) -> None:
    task = children(name)[f"Bulk{name}"]
    keep = children(name)[f"Keep{name}"]
    runs = 1 + next(r["MaxAttempts"] for r in task["Retry"] if "States.TaskFailed" in r["ErrorEquals"])

    # Five more runs would not fit: only errors that occur before the function runs are retried so often.
    often = [r["ErrorEquals"] for r in task["Retry"] if r["MaxAttempts"] > 1]
    assert often == [["Lambda.TooManyRequestsException", "Lambda.ServiceException", "Lambda.AWSLambdaException"]]
    longest = runs * task["TimeoutSeconds"] + longest_waits(task["Retry"]) + longest_waits(keep["Retry"])
    assert longest + 5 < EXPRESS_SECONDS


def test_task_times_out_after_its_function() -> None:
    timeouts = {name: properties["Timeout"] for name, properties in list_functions(TEMPLATE).items()}
    for name in MAPS:
        assert children(name)[f"Bulk{name}"]["TimeoutSeconds"] == timeouts["BulkFunction"] + 5
    assert STATES["Summary"]["TimeoutSeconds"] == timeouts["SummaryFunction"] + 5


def test_every_retry_is_valid() -> None:
    """Page "Handling errors": names and bounds. Full jitter, so that batches do not retry all at once."""
    named = {
        "States.ALL",
        "States.TaskFailed",
        "Lambda.TooManyRequestsException",
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
    }
    for state in every_state().values():
        for retrier in state.get("Retry", []):
            assert set(retrier["ErrorEquals"]) <= named
            assert "States.ALL" not in retrier["ErrorEquals"] or retrier["ErrorEquals"] == ["States.ALL"]
            assert retrier["JitterStrategy"] == "FULL"
            assert retrier["IntervalSeconds"] >= 1
            assert retrier.get("MaxDelaySeconds", 31_622_400) > retrier["IntervalSeconds"]
            assert retrier.get("BackoffRate", 2) >= 1


def test_state_names_are_unique_and_every_next_state_exists() -> None:
    names = [*STATES, *(name for of in MAPS for name in children(of))]
    assert len(names) == len(set(names))
    for machine in (STATES, *(children(of) for of in MAPS)):
        following = set(
            re.findall(
                r"'(?:Next|Default)': '(\w+)'", str({k: {**v, "ItemProcessor": None} for k, v in machine.items()})
            )
        )
        assert following <= set(machine)


def test_states_have_the_names_of_their_handlers() -> None:
    assert {"BulkJsonLines", "BulkCsvRows", "Summary"} <= set(every_state())
    assert {p["Handler"] for p in list_functions(TEMPLATE).values()} >= {
        "intake.handlers.bulk.handler",
        "intake.handlers.summary.handler",
    }


def test_summary_follows_every_map_whether_it_succeeds_or_fails() -> None:
    for state in [*MAPS.values(), HEADER]:
        assert state["Next"] == ("CsvRows" if state is HEADER else "Summary")
        assert {(catcher["ResultPath"], catcher["Next"]) for catcher in state["Catch"]} == {("$.broken", "Summary")}


def test_every_catch_names_the_error_that_states_all_does_not_catch() -> None:
    """Page "Handling errors": States.ALL is alone and last, and does not catch States.DataLimitExceeded."""
    catching = {name: state["Catch"] for name, state in every_state().items() if "Catch" in state}
    assert set(catching) == {name for name, state in every_state().items() if state["Type"] in {"Task", "Map"}} - {
        "Summary"
    }
    for catchers in catching.values():
        assert [c["ErrorEquals"] for c in catchers] == [["States.DataLimitExceeded"], ["States.ALL"]]
        first, last = ({k: v for k, v in c.items() if k != "ErrorEquals"} for c in catchers)
        assert first == last


def test_machine_uses_only_resources_that_its_role_permits() -> None:
    """test_template_rights has the prefixes of its role."""
    assert VALUES.keys() < SUBSTITUTIONS.keys()
    assert {SUBSTITUTIONS["BulkFunction"]["Fn::GetAtt"], SUBSTITUTIONS["SummaryFunction"]["Fn::GetAtt"]} == {
        "BulkFunction.Arn",
        "SummaryFunction.Arn",
    }
    written = re.findall(r"States\.Format\('(runs/[^']*)'", TEXT)
    assert len(written) == 4
    buckets = [{"Ref": "ImageBucket"}, {"Ref": "ExistingImageBucket"}]
    assert SUBSTITUTIONS["ImageBucket"] == {"Fn::If": ["MakesImageBucket", *buckets]}


def test_bulk_page_documents_the_parameters_and_their_defaults() -> None:
    page = (ROOT / "docs" / "bulk.md").read_text()
    documented = dict(re.findall(r"^\| `((?:Bulk|Inbox)\w+)` \| (\d+) \|", page, re.MULTILINE))

    parameters = {name: p for name, p in TEMPLATE["Parameters"].items() if name.startswith(("Bulk", "Inbox"))}
    assert documented == {name: str(parameter["Default"]) for name, parameter in parameters.items()}
    assert f"A batch has {list_functions(TEMPLATE)['BulkFunction']['Timeout']} seconds" in page
    assert f"{MAPS['JsonLines']['ItemBatcher']['MaxInputBytesPerBatch']:,} bytes" in page

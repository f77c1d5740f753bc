"""The calls of `make bulk` to a stack, over fake clients."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from infra.bulk.stack import Stack

STARTED = datetime(2026, 11, 29, tzinfo=UTC)
MAP_RUN = "arn:aws:states:us-east-1:000000000000:mapRun:bulk"


class FakeStates:
    """Step Functions, with the map runs of one execution and the counts of their items."""

    def __init__(self, **counts: int) -> None:
        self._counts = {f"{MAP_RUN}/{label}:a-uuid": count for label, count in counts.items()}

    def describe_execution(self, **_: str) -> dict[str, Any]:
        return {"status": "SUCCEEDED", "startDate": STARTED, "stopDate": STARTED}

    def list_map_runs(self, **_: str) -> dict[str, Any]:
        return {"mapRuns": [{"mapRunArn": arn} for arn in self._counts]}

    def describe_map_run(self, *, mapRunArn: str) -> dict[str, Any]:  # noqa: N803 - the name of boto3
        count = self._counts[mapRunArn]
        return {"itemCounts": {"total": count, "succeeded": count, "failed": 0, "timedOut": 0, "aborted": 0}}


@pytest.mark.parametrize(
    ("expected", "counts"),
    [
        (0, {}),
        (7, {"JsonLines": 7}),
        (0, {"CsvHeader": 1}),
        (6, {"CsvHeader": 1, "CsvRows": 7}),
        (6, {"CsvRows": 7, "CsvHeader": 1}),
    ],
)
def test_progress_counts_files_and_not_the_first_row_of_csv(expected: int, counts: dict[str, int]) -> None:
    stack = object.__new__(Stack)
    stack._states = FakeStates(**counts)
    progress = stack.progress("an-arn")
    assert (progress.total, progress.done) == (expected, expected)


@pytest.mark.parametrize("name", ["lot 7.csv", "lot 7.JSONL", "lot 7.txt"])
def test_list_of_any_kind_is_uploaded_as_json_lines(name: str) -> None:
    key = Stack.new_key(Path(name))
    assert key.startswith("bulk/lot 7-")
    assert key.endswith(".jsonl")


def test_key_of_a_list_is_unicode_whatever_the_name_of_its_file() -> None:
    assert Stack.new_key(Path("caf\udce9.csv")).startswith("bulk/caf?-")

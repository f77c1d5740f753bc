"""The table of results."""

from infra.smoke.check import CheckResult, Result
from infra.smoke.table import format_table

ROWS = [
    CheckResult("POST /files", Result.OK, 1.25),
    CheckResult(
        "manifest", Result.FAILED, 120.04, "It failed.", "Allow the host a.example in the parameter AllowedHosts."
    ),
    CheckResult(
        "bulk list", Result.FAILED, 3, "It failed too.", "Allow the host a.example in the parameter AllowedHosts."
    ),
    CheckResult("queue", Result.SKIPPED, 0, "the stack has no queue"),
]


def test_table_shows_each_check_and_the_same_advice_once() -> None:
    assert format_table(ROWS, 94) == [
        "  check        result   seconds  what was found, and what to do",
        "  POST /files  ok           1.2",
        "  manifest     failed     120.0  It failed. To do: Allow the host a.example in the parameter",
        "                                 AllowedHosts.",
        "  bulk list    failed       3.0  It failed too. To do: as above.",
        "  queue        skipped           the stack has no queue",
    ]


def test_table_keeps_a_column_for_texts_on_a_narrow_terminal() -> None:
    assert max(map(len, format_table(ROWS, 20))) <= 33 + 40

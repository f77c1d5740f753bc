"""Formats the results as a table: check, result, seconds, and what was found and what to do."""

import shutil
import textwrap
from collections.abc import Sequence

from infra.command.terminal import colorize
from infra.smoke.check import CheckResult, Result

_COLORS = {Result.OK: "green", Result.FAILED: "red", Result.SKIPPED: "yellow"}
_TITLES = ("check", "result", "seconds", "what was found, and what to do")
_NARROWEST = 40


def format_table(results: Sequence[CheckResult], width: int | None = None) -> list[str]:
    """Format the results, in their order.

    Args:
        results: the results.
        width: the columns of the terminal; by default, those that it has.
    """
    width = width or shutil.get_terminal_size((120, 24)).columns
    name_width = max(len(_TITLES[0]), *(len(one.name) for one in results))
    indent = name_width + len("  skipped  seconds  ") + 2
    columns = max(_NARROWEST, width - indent - 1)
    head = f"  {_TITLES[0]:{name_width}}  {_TITLES[1]:7}  {_TITLES[2]:>7}  {_TITLES[3]}"
    lines = [colorize(head, "dim")]
    given: set[str] = set()
    for one in results:
        text = textwrap.wrap(_describe(one, given), columns, break_long_words=False, break_on_hyphens=False) or [""]
        seconds = f"{one.seconds:7.1f}" if one.result is not Result.SKIPPED else " " * 7
        result = colorize(f"{one.result.value:7}", _COLORS[one.result])
        lines.append(f"  {one.name:{name_width}}  {result}  {seconds}  {text[0]}".rstrip())
        lines += [f"{' ' * indent}{line}" for line in text[1:]]
    return lines


def _describe(one: CheckResult, given: set[str]) -> str:
    """Return what was found, and the advice unless a row above has the same."""
    if not one.advice:
        return one.found
    advice = "To do: as above." if one.advice in given else f"To do: {one.advice}"
    given.add(one.advice)
    end = "" if one.found.endswith((".", "?", "!")) else "."
    return f"{one.found}{end} {advice}"

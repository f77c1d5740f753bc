"""The page of a run: its counts, failures, origins and times, and what to do next."""

from pathlib import Path
from typing import Any

from infra.look.errors import LookError
from infra.look.html_page import write_page
from infra.look.names import require_run_name
from infra.look.run_charts import draw_sizes, draw_times
from infra.look.run_sections import count_reasons, list_codes, list_kinds, list_origins, list_repeated
from infra.look.run_statistics import RunStatistics
from infra.look.run_steps import list_readers, list_steps
from infra.look.run_summary import RunSummary
from infra.look.run_view import Totals, describe_reasons, describe_state, describe_totals, list_facts, list_notices
from infra.look.sources import ResultSource
from intake.model.object_keys import table_prefix

_MAX_NAMED = 10


def write_run_page(source: ResultSource, run: str, target: Path, statistics: RunStatistics | None = None) -> None:
    """Write the page of a run, complete or not. The table is read once, in bounded memory.

    Args:
        source: where the results are.
        run: the name of the run.
        target: the file.
        statistics: of the whole table, if it was read already.

    Raises:
        LookError: there is no such run, it cannot be read, or the page cannot be written.
    """
    require_run_name(run)
    summary = _read_summary(source, run)
    if statistics is None:
        statistics = RunStatistics.of(source.rows(run))
    if not (summary.exists or summary.fault or statistics.rows or statistics.damaged_parts):
        raise LookError(f"{source.description} has no results of a run named {run}. {describe_runs(source)}")
    values = _view(source, run, summary, statistics)
    write_page("run.html", target, image_origin=source.image_origin, styles=("style.css", "run.css"), **values)


def describe_runs(source: ResultSource) -> str:
    """Return which runs a source has, for a user who looks for one."""
    names = source.newest_runs(_MAX_NAMED)
    return "\n  ".join(["Its newest runs:", *names]) if names else "It has no runs."


def _read_summary(source: ResultSource, run: str) -> RunSummary:
    """Read the summary. If it is damaged, the page shows the table without it."""
    try:
        return RunSummary.of(source.summary(run))
    except LookError as error:
        return RunSummary(fault=str(error))


def _view(source: ResultSource, run: str, summary: RunSummary, statistics: RunStatistics) -> dict[str, Any]:
    totals = Totals.of(statistics, summary)
    failures = statistics.failures.in_order()
    filters = count_reasons(failures)
    return {
        "title": run,
        "run": run,
        "source": source,
        "summary": summary,
        "statistics": statistics,
        "totals": totals,
        "state": describe_state(totals, summary),
        "headline": describe_totals(totals, summary),
        "reasons": describe_reasons(totals, statistics, summary),
        "facts": list_facts(totals, statistics, summary),
        "notices": list_notices(totals, statistics, summary),
        "steps": list_steps(run, totals, summary, source.commands),
        "codes": list_codes(statistics, summary),
        "origin_tables": list_origins(statistics.origins),
        "charts": [chart for chart in (draw_times(statistics.times), draw_sizes(statistics.sizes)) if chart.columns],
        "kinds": list_kinds(statistics),
        "repeated": list_repeated(statistics, source),
        "failures": failures,
        "filters": filters,
        "filter_numbers": {reason: number for number, (reason, _) in enumerate(filters)},
        "table": table_prefix(run),
        "readers": list_readers(run, source.commands),
    }

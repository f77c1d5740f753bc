"""What a reader can do after a run, and with its table: sentences with the commands to type."""

from typing import NamedTuple

from infra.look.run_summary import RunSummary
from infra.look.run_view import Totals
from infra.look.source_commands import SourceCommands
from intake.model.object_keys import table_prefix


class Step(NamedTuple):
    """One thing to do: a sentence, and the lines to type."""

    text: str
    lines: list[str] = []


def list_steps(run: str, totals: Totals, summary: RunSummary, commands: SourceCommands) -> list[Step]:
    """Return what to do next, the most useful first."""
    if not summary.exists:
        text = "The run has no summary yet: it is running, or it was stopped. "
        lines = commands.continue_run(run)
        return [Step(text + ("Follow it:" if lines else "The same make run command continues it."), lines)]
    steps = []
    if not summary.is_complete:
        steps.append(Step("Remove the cause and send the whole list again. No image is stored twice."))
    elif totals.retryable and (key := summary.retryable_key or summary.failed_key):
        text = f"Failures that may succeed later: {totals.retryable:,}. Send them again after a while:"
        steps.append(Step(text, commands.send_again(key)))
    permanent = totals.lost - totals.retryable
    if permanent:
        steps.append(
            Step(f"Failures that stay until something is changed: {permanent:,}. See what to do by code below.")
        )
    return steps or [Step("Nothing: every image is stored.")]


def list_readers(run: str, commands: SourceCommands) -> list[Step]:
    """Return how to read the table."""
    prefix = table_prefix(run)
    fetch, files = commands.fetch_table(prefix), commands.table_files(prefix)
    sql = f"select code, count(*) as images from read_json('{_quote(files)}') group by code order by images desc"
    steps = [Step("Fetch it:", fetch)] if fetch else []
    return [
        *steps,
        Step("Count with duckdb:", [sql]),
        Step(
            "Load into pandas:",
            [
                "import glob, pandas",
                f"parts = sorted(glob.glob({files!r}))",
                "table = pandas.concat(pandas.read_json(part, lines=True, dtype=False) for part in parts)",
            ],
        ),
    ]


def _quote(text: str) -> str:
    return text.replace("'", "''")

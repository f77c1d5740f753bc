"""What a reader can do after a run, and with its table: sentences with the commands to type."""

from collections.abc import Sequence
from typing import NamedTuple

from infra.look.run_summary import RunSummary
from infra.look.run_view import Totals
from infra.look.source_commands import SourceCommands
from intake.model.object_keys import failed_key, retryable_key

_NO_SUMMARY = "The run has no summary: it is running, or it was stopped."


class Step(NamedTuple):
    """One thing to do: a sentence, and the lines to type."""

    text: str
    lines: Sequence[str] = ()


def list_steps(run: str, totals: Totals, summary: RunSummary, commands: SourceCommands) -> list[Step]:
    """Return what to do next, the most useful first."""
    if not summary.exists:
        lines = commands.follow(run)
        found = "The summary cannot be read, so the run may have ended." if summary.fault else _NO_SUMMARY
        text = f"{found} {commands.resume}"
        return [Step(f"{text} To follow it:" if lines else text, lines)]
    steps = []
    if not summary.is_complete:
        cause = "" if summary.error == "Ctrl-C" else "Remove the cause of the stop. "
        steps.append(Step(f"{cause}{commands.resume}"))
    elif totals.retryable and (key := _find_list(run, summary)):
        text = f"{_count(totals.retryable)} may succeed later. Send them again after a while:"
        steps.append(Step(text, commands.send_again(run, key)))
    permanent = totals.lost - totals.retryable
    if permanent:
        steps.append(Step(f"{_count(permanent)} will fail again until something changes: see below what to do."))
    return steps or [Step("Nothing: every image is stored.")]


def _count(failures: int) -> str:
    return f"{failures:,} failure{'' if failures == 1 else 's'}"


def _find_list(run: str, summary: RunSummary) -> str:
    """Return the key of the list to send again; empty if the run has none.

    A key in the summary may be anything, and this one becomes part of a command: only the known names count.
    """
    known = {summary.retryable_key, summary.failed_key}
    return next((key for key in (retryable_key(run), failed_key(run)) if key in known), "")


def list_readers(run: str, commands: SourceCommands) -> list[Step]:
    """Return how to read the table."""
    fetch, files = commands.fetch_table(run), commands.table_files(run)
    quoted = files.replace("'", "''")
    # With named columns: DuckDB guesses types from the first files, and nothing may have failed in these.
    sql = [
        "SELECT status, code, count(*) AS images",
        f"FROM read_json('{quoted}', columns = {{status: 'VARCHAR', code: 'VARCHAR'}})",
        "GROUP BY ALL ORDER BY images DESC;",
    ]
    python = [
        "from glob import glob",
        "import pandas as pd",
        f"parts = glob({files!r})",
        "images = pd.concat(pd.read_json(part, lines=True, dtype=False) for part in parts)",
    ]
    steps = [Step("Count by code with DuckDB:", sql), Step("Load it with pandas:", python)]
    return [Step("Fetch it:", fetch), *steps] if fetch else steps

"""Writes the page of a run, or of the receipt of its one File."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, override

from infra.look.errors import LookError
from infra.look.receipt_page import write_receipt_page
from infra.look.run_page import write_run_page
from infra.look.sources import FolderSource
from infra.run.run_folder import RunFolder
from intake.model.bulk_report import Summary


class _RunSource(FolderSource):
    """The folder of a run whose summary is not written yet."""

    def __init__(self, run: RunFolder, summary: Summary, settings: Mapping[str, str]) -> None:
        super().__init__(run.out, run.path, settings)
        self._summary = summary

    @override
    def summary(self, run: str) -> dict[str, Any]:
        return self._summary.model_dump(by_alias=True)


def write_page(run: RunFolder, summary: Summary, file_id: str | None, settings: Mapping[str, str]) -> Path | None:
    """Write the page, and return its path. None, after a message, if it could not be written.

    Args:
        run: the run.
        summary: its summary.
        file_id: the id of its File, if the run has only one File.
        settings: those on the command line, which the next command needs as well.
    """
    target = run.path / "index.html"
    source = _RunSource(run, summary, settings)
    try:
        if file_id is None:
            write_run_page(source, run.name, target)
        else:
            write_receipt_page(source, file_id, target)
    except LookError as error:
        print(f"The page of the run is not written: {error}", file=sys.stderr)
        return None
    return target

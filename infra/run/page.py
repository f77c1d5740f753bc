"""Writes the page of a run, or of the receipt of its one File."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, override

from infra.look.errors import LookError
from infra.look.receipt_page import write_receipt_page
from infra.look.run_page import write_run_page
from infra.look.run_statistics import RunStatistics
from infra.look.sources import FolderSource
from infra.look.table_source import read_file
from infra.run.run_folder import RunFolder
from infra.run.spooled_list import group_name
from intake.model.bulk_report import Summary
from intake.model.object_keys import table_key

_MANY_GROUPS = 1_000
"""Reading the rows of more groups takes more than a second."""


class _RunSource(FolderSource):
    """The folder of a run whose summary is not written yet."""

    def __init__(self, run: RunFolder, summary: Summary, settings: Mapping[str, str]) -> None:
        super().__init__(run.out, run.path, settings)
        self._summary = summary

    @override
    def summary(self, run: str) -> dict[str, Any]:
        return self._summary.model_dump(by_alias=True)


class RunPage:
    """The page of a run, or of the receipt of its one File.

    It counts the rows of a group as soon as the group is done, while the next ones are downloaded: at the end of a list
    of a million rows, that would take ten seconds.
    """

    def __init__(self, run: RunFolder, groups: int, file_id: str | None, settings: Mapping[str, str]) -> None:
        """Describe the page.

        Args:
            run: the run.
            groups: how many groups its list has.
            file_id: the id of its File, if the run has only one File.
            settings: those on the command line, which the next command needs as well.
        """
        self._run = run
        self._is_counted = bytearray(groups)
        self._file_id = file_id
        self._settings = settings
        self._statistics = RunStatistics()

    def add_group(self, number: int) -> None:
        """Count the rows of a group, if it has stored any. `number` is its position in the list, from 0."""
        part = self._run.out / table_key(self._run.name, group_name(number))
        if self._file_id is None and not self._is_counted[number] and os.access(part, os.F_OK):
            self._is_counted[number] = True
            for line in read_file(part):
                self._statistics.add(line)

    def write(self, summary: Summary) -> Path | None:
        """Write the page, and return its path. None, after a message, if it could not be written."""
        target = self._run.path / "index.html"
        source = _RunSource(self._run, summary, self._settings)
        if self._file_id is None and self._is_counted.count(0) >= _MANY_GROUPS:
            print("Writing the page of the run ...", flush=True)
        for number in range(len(self._is_counted)):  # those that earlier commands have done
            self.add_group(number)
        try:
            if self._file_id is None:
                write_run_page(source, self._run.name, target, self._statistics)
            else:
                write_receipt_page(source, self._file_id, target)
        except LookError as error:
            print(f"The page of the run is not written: {error}", file=sys.stderr)
            return None
        return target

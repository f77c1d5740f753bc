"""`python -m infra.run LIST OUT`: download a list of images into a folder of this machine (`make run`)."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from infra.bulk.list_check import UnusableList, check_list
from infra.command.errors import CommandError
from infra.command.signals import INTERRUPTED, install_signal_handlers
from infra.command.standard_streams import make_output_optional
from infra.run.failure_reasons import Reason
from infra.run.file_store import FileStore
from infra.run.folder_errors import folder_errors_named
from infra.run.old_cool_downs import remove_cool_downs_of_unanswered
from infra.run.processes import Processes
from infra.run.progress_bar import counted_lines, progress_bar
from infra.run.report import format_rows, print_result
from infra.run.run_folder import RunFolder, open_run
from infra.run.settings import RunSettings, require_known_variables
from infra.run.single_file import read_single_file
from infra.run.spooled_list import Group, GroupSize, SpooledList
from infra.run.worker import GroupDone, Work
from intake.model.verification import Verification

if TYPE_CHECKING:
    from infra.run.page import RunPage

SOME_FAILED, WRONG_INPUT = 1, 2
_PATHS = {"LIST", "FILE", "OUT"}
_SUFFIXES = {Verification.STRUCTURE: "", Verification.DECODE: "-decode"}
"""What the digest of a list ends with in the record of a run, so that VERIFY=decode starts a run of its own."""
_MAX_REASONS = 100
"""Reasons of failures that are kept, so that their number does not grow with the list."""


def main() -> int:
    """Run the command.

    Returns:
        0 if every image is stored; 1 if some failed, or the run stopped before the end of the list; 2 if the list, the
        folder or a setting cannot be used; 130 after Ctrl-C.
    """
    make_output_optional()
    options = _make_parser().parse_args()
    install_signal_handlers()
    try:
        require_known_variables(options.given.split())
        source, out = _require_paths(options.list, options.file, options.out)
        given = {name: os.environ.get(name, "") for name in options.given.split() if name not in _PATHS}
        return _run(source, out, given, is_single_file=bool(options.file))
    except (CommandError, UnusableList) as error:
        print(f"make run: {error}", file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return INTERRUPTED


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make run", description="Download a list of images into a folder.")
    parser.add_argument("list", help="URLs (.txt), CSV (.csv), or JSON lines of Files or URL lists (.jsonl)")
    parser.add_argument("out", help="the folder of images, receipts and results; it may exist")
    parser.add_argument("--file", default="", help="one File, as JSON, instead of the list")
    parser.add_argument("--given", default="", help="names of the variables that make was given")
    return parser


def _require_paths(source: str, file: str, out: str) -> tuple[Path, Path]:
    if source and file:
        raise CommandError("LIST and FILE are both set: keep one.")
    if not source and not file:
        raise CommandError("which list? make run LIST=urls.txt OUT=pictures. For one File: FILE=my-file.json")
    if not out:
        raise CommandError(f"into which folder? make run {'FILE' if file else 'LIST'}={source or file} OUT=pictures")
    return Path(source or file), Path(out)


def _run(path: Path, out: Path, given: Mapping[str, str], *, is_single_file: bool) -> int:
    settings = RunSettings.from_environment()
    with ExitStack() as on_exit:
        with folder_errors_named(out):
            FileStore(out).remove_leftovers()
        remove_cool_downs_of_unanswered(out)
        lines = on_exit.enter_context(closing(SpooledList(out, GroupSize.of_list(_size_of(path)))))
        file_id = None
        if is_single_file:
            file_id = read_single_file(path, lines, settings.config.limits.max_base_images)
        else:
            with counted_lines(lines) as counted:
                check_list(path, counted, consequence="was not downloaded")
        lines.finish()
        with folder_errors_named(out):
            digest = f"{lines.digest}{_SUFFIXES[settings.config.verification]}"
            run = on_exit.enter_context(open_run(out, str(path), digest))
        return _Run(run, settings, lines, file_id, given).execute()


@dataclass(slots=True)
class _Run:
    folder: RunFolder
    settings: RunSettings
    lines: SpooledList
    file_id: str | None
    given: Mapping[str, str]
    processes: Processes = field(default_factory=Processes)
    reasons: dict[Reason, None] = field(default_factory=dict)

    def execute(self) -> int:
        groups = self.lines.groups
        if self.folder.has_reports:
            print("Checking what an earlier command has stored ...", flush=True)
        done = self.folder.done(groups, self.settings.processes)
        done_rows = sum(group.rows for group in groups if done[group.number])
        what = "the remaining " if done_rows else ""
        print(f"Downloading {what}{format_rows(groups.rows - done_rows)} into {self.folder.out} ...", flush=True)
        self.folder.note_start()
        began = time.monotonic()
        try:
            self.processes.start(min(self.settings.processes, done.count(0)), self._work())
            page = self._make_page()
            self._ingest((group for group in groups if not done[group.number]), done_rows, page)
        finally:
            self.processes.stop()
        return self._finish(time.monotonic() - began, page)

    def _finish(self, seconds: float, page: "RunPage") -> int:
        groups = self.lines.groups
        error = "Ctrl-C" if self.processes.is_interrupted else self.processes.fault
        written: list[Path | None] = []
        try:
            summary = self.folder.finish(
                seconds, groups=groups, error=error, write_page=lambda summary: written.append(page.write(summary))
            )
        except OSError as fault:
            print(f"Stopped: {error or 'all rows are done'}. The summary cannot be written: {fault.strerror}.")
            print("The same command goes on.", flush=True)
            return INTERRUPTED if self.processes.is_interrupted else SOME_FAILED
        config = self.settings.config
        print_result(self.folder, summary, list(self.reasons), rows=groups.rows, config=config, settings=self.given)
        for path in filter(None, written):
            print(f"Page: {path}", flush=True)
        if self.processes.is_interrupted:
            return INTERRUPTED
        return SOME_FAILED if not summary.complete or summary.failed_key else 0

    def _make_page(self) -> "RunPage":
        from infra.run.page import RunPage  # noqa: PLC0415 - imports Jinja2, which the workers do not need

        return RunPage(self.folder, len(self.lines.groups), self.file_id, self.given)

    def _work(self) -> Work:
        run, settings = self.folder, self.settings
        return Work(settings.config, run.out, run.name, run.receipts_since, self.lines.fileno(), settings.fsync)

    def _ingest(self, pending: Iterable[Group], done_rows: int, page: "RunPage") -> None:
        with _on_interrupt(self.processes.interrupt), progress_bar(self.lines.groups.rows, done_rows) as bar:
            for message in self.processes.ingest(pending):
                if isinstance(message, GroupDone):
                    if len(self.reasons) < _MAX_REASONS:
                        self.reasons |= dict.fromkeys(message.reasons)
                    bar.add(message.rows, message.images)
                    page.add_group(message.number)
                elif message:
                    bar.add_waits(message.waits)
                bar.show_waits()


def _size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0  # reading the list says why


@contextmanager
def _on_interrupt(action: Callable[[], None]) -> Iterator[None]:
    """Call a function at Ctrl-C, until the block ends."""
    before = signal.signal(signal.SIGINT, lambda *_: action())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


if __name__ == "__main__":
    sys.exit(main())

"""`python -m infra.run LIST OUT`: download a list of images into a folder of this machine (`make run`)."""

import argparse
import io
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from infra.bulk.checked_list import UnusableList, check_list
from infra.command.errors import CommandError
from infra.command.signals import INTERRUPTED, install_signal_handlers
from infra.run.file_store import FileStore
from infra.run.processes import Processes
from infra.run.progress_bar import progress_bar
from infra.run.report import print_result
from infra.run.run_folder import RunFolder, open_run
from infra.run.settings import RunSettings
from infra.run.single_file import read_single_file
from infra.run.spooled_list import Group, SpooledList
from infra.run.worker import GroupDone, Work

SOME_FAILED, WRONG_INPUT = 1, 2


def main() -> int:
    """Run the command.

    Returns:
        0 if every image is stored; 1 if some failed, or the run stopped before the end of the list; 2 if the list, the
        folder or a setting cannot be used; 130 after Ctrl-C.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names of files may be no text in UTF-8
    options = _make_parser().parse_args()
    install_signal_handlers()
    try:
        return _run(options.list, options.out, is_single_file=options.file)
    except (CommandError, UnusableList) as error:
        print(f"make run: {error}", file=sys.stderr)
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("\nStopped. Nothing was downloaded.", file=sys.stderr)
        return INTERRUPTED


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make run", description="Download a list of images into a folder.")
    parser.add_argument("list", type=Path, help="URLs (.txt), CSV (.csv), or JSON lines of Files or URL lists (.jsonl)")
    parser.add_argument("out", type=Path, help="the folder of images, receipts and results; it may exist")
    parser.add_argument("--file", action="store_true", help="the list is one File, as JSON")
    return parser


def _run(path: Path, out: Path, *, is_single_file: bool) -> int:
    settings = RunSettings.from_environment()
    with ExitStack() as on_exit:
        _prepare(out)
        lines = on_exit.enter_context(closing(_spool(out)))
        if is_single_file:
            read_single_file(path, lines, settings.config.limits.max_base_images)
        else:
            check_list(path, lines, refusal="was not downloaded")
        lines.finish()
        run = on_exit.enter_context(open_run(out, str(path), lines.digest))
        return _Run(run, settings, lines).execute()


def _prepare(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        FileStore(out).remove_leftovers()
    except OSError as error:
        raise CommandError(f"the folder {out} cannot be written: {error.strerror}.") from None


def _spool(out: Path) -> SpooledList:
    try:
        return SpooledList(out)
    except OSError as error:
        raise CommandError(f"the folder {out} cannot be written: {error.strerror}.") from None


@dataclass(slots=True)
class _Run:
    folder: RunFolder
    settings: RunSettings
    lines: SpooledList
    counts: Counter[str] = field(default_factory=Counter)
    blocked: dict[str, None] = field(default_factory=dict)

    def execute(self) -> int:
        began = time.monotonic()
        done = self.folder.done()
        pending = [group for group in self.lines.groups if group.name not in done]
        processes = Processes()
        is_interrupted = False
        try:
            self._announce(pending)
            processes.start(min(self.settings.processes, len(pending)), self._work())
            is_interrupted = self._ingest(processes, pending)
        finally:
            processes.stop()
        error = "Ctrl-C" if is_interrupted else processes.fault
        summary = self.folder.finish(time.monotonic() - began, error=error)
        print_result(self.folder, summary, list(self.blocked), rows=sum(group.rows for group in self.lines.groups))
        if is_interrupted:
            return INTERRUPTED
        return SOME_FAILED if error or summary.failed_key else 0

    def _announce(self, pending: list[Group]) -> None:
        rows = sum(group.rows for group in pending)
        what = f"{rows:,} rows" if len(pending) == len(self.lines.groups) else f"the remaining {rows:,} rows"
        print(f"Downloading {what} into {self.folder.out} ...", flush=True)

    def _work(self) -> Work:
        run, settings = self.folder, self.settings
        return Work(settings.config, run.out, run.name, run.started_at, self.lines.fileno(), settings.fsync)

    def _ingest(self, processes: Processes, pending: list[Group]) -> bool:
        """Ingest groups, and return whether Ctrl-C ended it."""
        total = sum(group.rows for group in self.lines.groups)
        with progress_bar(total, total - sum(group.rows for group in pending)) as bar:

            def count(messages: Iterator[GroupDone]) -> None:
                for message in messages:
                    self.counts += message.counts
                    self.blocked |= dict.fromkeys(message.blocked)
                    bar.add(message.group.rows, message.counts)

            try:
                count(processes.ingest(pending))
            except KeyboardInterrupt:
                install_signal_handlers()  # another Ctrl-C ends the wait
                with suppress(KeyboardInterrupt):
                    count(processes.finish_begun())
                return True
        return False


if __name__ == "__main__":
    sys.exit(main())

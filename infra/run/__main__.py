"""`python -m infra.run LIST OUT`: download a list of images into a folder of this machine (`make run`)."""

import argparse
import io
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
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
from infra.run.settings import RunSettings, require_known_variables
from infra.run.single_file import read_single_file
from infra.run.spooled_list import Group, SpooledList
from infra.run.worker import Work

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
        require_known_variables(options.given.split())
        source, out = _require_paths(options.list, options.file, options.out)
        return _run(source, out, is_single_file=bool(options.file))
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


def _run(path: Path, out: Path, *, is_single_file: bool) -> int:
    settings = RunSettings.from_environment()
    with ExitStack() as on_exit:
        _prepare(out)
        lines = on_exit.enter_context(closing(_spool(out)))
        file_id = None
        if is_single_file:
            file_id = read_single_file(path, lines, settings.config.limits.max_base_images)
        else:
            check_list(path, lines, refusal="was not downloaded")
        lines.finish()
        run = on_exit.enter_context(open_run(out, str(path), lines.digest))
        return _Run(run, settings, lines, file_id).execute()


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
    file_id: str | None
    processes: Processes = field(default_factory=Processes)
    blocked: dict[str, None] = field(default_factory=dict)

    def execute(self) -> int:
        done = self.folder.done()
        pending = [group for group in self.lines.groups if group.name not in done]
        what = "the remaining " if done else ""
        print(f"Downloading {what}{_count_rows(pending):,} rows into {self.folder.out} ...", flush=True)
        began = time.monotonic()
        try:
            self.processes.start(min(self.settings.processes, len(pending)), self._work())
            self._ingest(pending)
        finally:
            self.processes.stop()
        error = "Ctrl-C" if self.processes.is_interrupted else self.processes.fault
        summary = self.folder.finish(time.monotonic() - began, error=error)
        print_result(self.folder, summary, list(self.blocked), rows=_count_rows(self.lines.groups))
        from infra.run.page import write_page  # noqa: PLC0415 - imports Jinja2, which only the end needs

        if page := write_page(self.folder, self.file_id):
            print(f"Page: {page}", flush=True)
        if self.processes.is_interrupted:
            return INTERRUPTED
        return SOME_FAILED if error or summary.failed_key else 0

    def _work(self) -> Work:
        run, settings = self.folder, self.settings
        return Work(settings.config, run.out, run.name, run.started_at, self.lines.fileno(), settings.fsync)

    def _ingest(self, pending: Sequence[Group]) -> None:
        total = _count_rows(self.lines.groups)
        # The processes are forked before: tqdm starts a thread.
        with _on_interrupt(self.processes.interrupt), progress_bar(total, total - _count_rows(pending)) as bar:
            for message in self.processes.ingest(pending):
                self.blocked |= dict.fromkeys(message.blocked)
                bar.add(message.group.rows, message.counts)


def _count_rows(groups: Iterable[Group]) -> int:
    return sum(group.rows for group in groups)


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

"""A command goes on when its output cannot be written."""

import subprocess
import sys
from pathlib import Path

import pytest
from infra.build.template_file import ROOT

_PROGRAM = """
import sys
from pathlib import Path
from infra.command.standard_streams import make_output_optional
make_output_optional()
print("x" * 200_000, sys.stdout.isatty(), "\\udcff", flush=True)
print("y" * 200_000, sys.stderr.isatty(), "\\udcff", file=sys.stderr, flush=True)
Path(sys.argv[1]).write_text("done")
"""


@pytest.mark.parametrize(
    "streams",
    ["| true", "2>&1 | true", ">/dev/full", "2>/dev/full", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "| cat", ">&2"],
)
def test_command_goes_on_whatever_its_streams_are(tmp_path: Path, streams: str) -> None:
    result = tmp_path / "result"
    command = f'set -o pipefail; "$0" -c "$1" "$2" {streams}'
    arguments = ["bash", "-c", command, sys.executable, _PROGRAM, str(result)]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, result.read_text()) == (0, "done"), done.stderr[-1000:]
    assert "Traceback" not in done.stderr


def test_output_is_written_when_somebody_reads_it() -> None:
    program = _PROGRAM.replace("Path(sys.argv[1])", "Path('/dev/null')")
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "x" * 200_000 + " False \\udcff\n"
    assert done.stderr == "y" * 200_000 + " False \\udcff\n"

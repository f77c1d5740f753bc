"""`python -m infra.sbom`: the list of what an artefact has in it, for those who look for weak packages (CycloneDX 1.6).

It is read from the artefact itself, so what is listed is what runs on Lambda; cyclonedx-py validates what it writes.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from infra.local.process import LocalError, run
from infra.template import ROOT

TOOL = Path(sys.executable).with_name("cyclonedx-py")


def write(code: Path, into: Path) -> None:
    """List the packages of an artefact's directory in a file.

    Raises:
        LocalError: the tool failed, or is not installed.
    """
    if not TOOL.exists():
        raise LocalError("cyclonedx-py is not installed: run `make install`.")
    with tempfile.TemporaryDirectory() as directory:
        # The tool asks an interpreter for its path; this one's is the artefact and nothing else.
        asked = Path(directory) / "python"
        asked.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(['', str(code.resolve())])}\nEND\n")
        asked.chmod(0o755)
        command: list[str | Path] = [TOOL, "environment", "--output-reproducible", "--output-file", into.resolve()]
        command += ["--pyproject", ROOT / "pyproject.toml", asked]
        run(command, env=dict(os.environ), cwd=ROOT, log=Path(directory) / "log", doing="cyclonedx-py")


def main() -> int:
    """List what `make build` made."""
    into = ROOT / ".aws-sam" / "sbom.cdx.json"
    try:
        write(ROOT / ".aws-sam" / "build" / "HttpFunction", into)
    except LocalError as error:
        print(f"make sbom: {error}", file=sys.stderr)
        return 1
    print(f"{into.relative_to(ROOT)}: {len(json.loads(into.read_text())['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())

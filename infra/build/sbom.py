"""`python -m infra.build.sbom`: list the packages of the artifact (SBOM, CycloneDX 1.6).

The list is read from the built artifact, so it names exactly what runs on Lambda. cyclonedx-py validates its output.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from infra.build.template import ROOT
from infra.command.child_process import run
from infra.command.errors import CommandError

TOOL = Path(sys.executable).with_name("cyclonedx-py")


def write_sbom(code: Path, into: Path) -> None:
    """Write the list of the packages in a function's code directory.

    Raises:
        CommandError: cyclonedx-py failed or is not installed.
    """
    if not TOOL.exists():
        raise CommandError("cyclonedx-py is not installed: run `make install`.")
    with tempfile.TemporaryDirectory() as directory:
        # cyclonedx-py asks an interpreter for its sys.path; this one answers with the code directory alone.
        interpreter = Path(directory) / "python"
        interpreter.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(['', str(code.resolve())])}\nEND\n")
        interpreter.chmod(0o755)
        command: list[str | Path] = [TOOL, "environment", "--output-reproducible", "--output-file", into.resolve()]
        command += ["--pyproject", ROOT / "pyproject.toml", interpreter]
        run(command, env=dict(os.environ), cwd=ROOT, log=Path(directory) / "log", action="cyclonedx-py")


def main() -> int:
    """Write .aws-sam/sbom.cdx.json from the result of `make build`."""
    into = ROOT / ".aws-sam" / "sbom.cdx.json"
    try:
        write_sbom(ROOT / ".aws-sam" / "build" / "HttpFunction", into)
    except CommandError as error:
        print(f"make sbom: {error}", file=sys.stderr)
        return 1
    print(f"{into.relative_to(ROOT)}: {len(json.loads(into.read_text())['components'])} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())

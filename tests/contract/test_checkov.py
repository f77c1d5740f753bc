"""docs/security.md answers exactly what checkov finds in the templates."""

import json
import re
import subprocess
from collections import defaultdict

import pytest
from infra.build.template_file import ROOT

CHECKOV = ROOT / ".local" / "checkov" / "bin" / "checkov"
TEMPLATES = ("template.yaml", "infra/observability.yaml")
ROW = re.compile(r"^\| `(CKV\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def answered() -> dict[str, set[str]]:
    """Return the resources by check, from the page."""
    rows = ROW.findall((ROOT / "docs" / "security.md").read_text())
    assert all(answer.strip().endswith(".") for *_, answer in rows)
    return {check: set(re.findall(r"`(\w+)`", resources)) for check, _, resources, _ in rows}


def found() -> dict[str, set[str]]:
    """Return the resources by failed check; nothing is downloaded or sent."""
    if not CHECKOV.exists():
        pytest.fail("checkov is not installed: run `make install`, or `make test` for everything.")
    command = [
        str(CHECKOV),
        "--framework",
        "cloudformation",
        "--skip-download",
        "--output",
        "json",
        "--file",
        *TEMPLATES,
    ]
    done = subprocess.run(command, cwd=ROOT, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 50
    checks: dict[str, set[str]] = defaultdict(set)
    for failed in report["results"]["failed_checks"]:
        checks[failed["check_id"]].add(failed["resource"].rpartition(".")[2])
    return dict(checks)


def test_page_answers_every_finding_and_no_other() -> None:
    assert answered() == found()

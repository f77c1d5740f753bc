"""The lines of docs/your-account.md for gradual deployments, merged into the template."""

import json
import re
import subprocess
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from infra.build.template_file import ROOT, load

from support.resolved_template import resolve
from support.transformed_template import find_cycle, transform

PAGE = (ROOT / "docs" / "your-account.md").read_text()
[LINES] = re.findall(r"^```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def lines(tmp_path: Path) -> dict[str, Any]:
    (tmp_path / "lines.yaml").write_text(LINES)
    return load(tmp_path / "lines.yaml")


def merge(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    """Return the first with the members of the second, mapping by mapping."""
    merged = deepcopy(below)
    for name, value in above.items():
        merged[name] = merge(merged[name], value) if isinstance(merged.get(name), dict) else value
    return merged


def test_new_version_gets_a_part_of_the_calls_until_the_alarm_starts(lines: dict[str, Any]) -> None:
    found = resolve(transform(merge(load(), lines)))
    resources = found["Resources"]

    assert find_cycle(found) == []
    alarms = resources["HttpFunctionDeploymentGroup"]["Properties"]["AlarmConfiguration"]["Alarms"]
    assert alarms == [{"Name": {"Fn::GetAtt": "Observability.Outputs.HttpFunctionErrorsAlarm"}}]
    assert "HttpFunctionErrorsAlarm" in load(ROOT / "infra" / "observability.yaml")["Outputs"]
    update = resources["HttpFunctionAliaslive"]["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
    assert update["DeploymentGroupName"] == {"Ref": "HttpFunctionDeploymentGroup"}
    assert "HttpFunctionAliaslive" in json.dumps(resources["Api"])


def test_merged_template_is_valid(lines: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "template.json").write_text(json.dumps(merge(load(), lines)))
    for name in ("infra", "functions"):
        (tmp_path / name).symlink_to(ROOT / name)
    cfn_lint = ROOT / ".local" / "sam" / "bin" / "cfn-lint"
    done = subprocess.run([cfn_lint, "template.json"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (0, "")


def test_alarm_of_the_nested_stack_is_a_cycle_for_the_s3_function(lines: dict[str, Any]) -> None:
    """As the page says."""
    lines["Resources"] = {"S3Function": lines["Resources"]["HttpFunction"]}

    assert {"InboxBucket", "Observability", "S3FunctionAliaslive"} <= set(find_cycle(transform(merge(load(), lines))))

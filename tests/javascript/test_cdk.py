"""The CDK app of docs/calling.md, stack.mjs, deploys the template of the service as it is."""

import json
import os
from pathlib import Path
from typing import Any

from infra.build.template_file import ROOT, load

from support.node import run_node, write_javascript


def synthesize(folder: Path) -> tuple[dict[str, Any], bytes]:
    """Run the app as the CDK's command line does; return the template of its stack and the nested template."""
    write_javascript(folder)
    (folder / "packaged.yaml").write_bytes((ROOT / "template.yaml").read_bytes())
    done = run_node(folder, os.environ | {"CDK_OUTDIR": "cdk.out"}, "stack.mjs")
    assert (done.returncode, done.stderr) == (0, "")
    [asset] = (folder / "cdk.out").glob("asset.*.yaml")
    return json.loads((folder / "cdk.out" / "images.template.json").read_text()), asset.read_bytes()


def test_app_deploys_the_template_unchanged_with_parameters_that_it_has(tmp_path: Path) -> None:
    template, nested = synthesize(tmp_path)

    [stack] = [one for one in template["Resources"].values() if one["Type"] == "AWS::CloudFormation::Stack"]
    assert nested == (ROOT / "template.yaml").read_bytes()
    assert stack["Properties"]["Parameters"].keys() <= load()["Parameters"].keys()


def test_app_reads_an_output_that_the_template_has(tmp_path: Path) -> None:
    template, _ = synthesize(tmp_path)

    _, output = template["Outputs"]["IntakeUrl"]["Value"]["Fn::GetAtt"]
    assert output.removeprefix("Outputs.") in load()["Outputs"]

"""samconfig.toml: its stages deploy the template, and sam knows every option."""

import re
import subprocess
import tomllib
from typing import Any

import pytest
from infra.build.template_file import ROOT, load

from support.resolved_template import keeps_rules

SAM = ROOT / ".local" / "sam" / "bin" / "sam"
CONFIG: dict[str, Any] = tomllib.loads((ROOT / "samconfig.toml").read_text())
STAGES = sorted(CONFIG.keys() - {"version", "default", "publish"})
PAGE = (ROOT / "docs" / "your-account.md").read_text()
TEMPLATE = load()
OPTIONS = sorted(
    {
        (command, option)
        for name, stage in CONFIG.items()
        if name != "version"
        for command, section in stage.items()
        if command != "global"
        for option in section["parameters"]
    }
)

each_stage = pytest.mark.parametrize("stage", STAGES)


def overrides(stage: str) -> dict[str, str]:
    values = CONFIG[stage]["deploy"]["parameters"]["parameter_overrides"]
    return dict(value.split("=") for value in values)


@pytest.fixture(scope="module")
def help_of_sam() -> dict[str, str]:
    commands = sorted({command for command, _ in OPTIONS})
    texts = [
        subprocess.run([SAM, *command.split("_", 1), "--help"], capture_output=True, text=True, check=True).stdout
        for command in (each.replace("start_api", "start-api") for each in commands)
    ]
    return dict(zip(commands, texts, strict=True))


def test_config_has_the_stages_of_the_page() -> None:
    assert STAGES == ["dev", "prod"]
    assert re.findall(r"sam deploy --config-env (\w+)", PAGE) == STAGES


@each_stage
def test_stage_has_a_stack_and_a_prefix_of_its_own(stage: str) -> None:
    names = CONFIG[stage]["global"]["parameters"]["stack_name"], CONFIG[stage]["deploy"]["parameters"]["s3_prefix"]

    assert names == (f"image-intake-{stage}",) * 2


@each_stage
def test_stage_sets_parameters_that_the_template_accepts(stage: str) -> None:
    for name, value in overrides(stage).items():
        parameter = TEMPLATE["Parameters"][name]
        assert value in map(str, parameter.get("AllowedValues", [value])), name
        assert re.fullmatch(parameter.get("AllowedPattern", ".*"), value), name
        if parameter["Type"] == "Number" and "MinValue" in parameter:
            assert parameter["MinValue"] <= int(value) <= parameter["MaxValue"], name
    assert keeps_rules(TEMPLATE, overrides(stage))


def test_sync_of_a_stage_keeps_its_parameters() -> None:
    for stage in STAGES:
        sync, deploy = (CONFIG[stage].get(command, {}).get("parameters", {}) for command in ("sync", "deploy"))
        assert not sync or sync["parameter_overrides"] == deploy["parameter_overrides"]
    assert "sync" not in CONFIG["prod"]


def test_page_lists_every_parameter_of_the_stages() -> None:
    named = {name for stage in STAGES for name in overrides(stage)}
    [table] = re.findall(r"^\| \| `dev` \| `prod` .*?\n\n", PAGE, re.MULTILINE | re.DOTALL)

    assert {word for word in re.findall(r"`(\w+)`", table) if word in TEMPLATE["Parameters"]} == named


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_sam_knows_the_option(help_of_sam: dict[str, str], command: str, option: str) -> None:
    """A configuration with another option is accepted, and the option ignored."""
    assert f"--{option.replace('_', '-')}" in help_of_sam[command]

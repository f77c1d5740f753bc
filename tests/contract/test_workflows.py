"""The files in .github: pinned actions, few permissions, make targets that exist, steps that work."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from infra.build.template import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
NAMING_TARGETS = [*WORKFLOWS, ROOT / ".pre-commit-config.yaml", ROOT / "CONTRIBUTING.md"]
RELEASE = ROOT / ".github" / "workflows" / "release.yml"
FORMS = [ROOT / ".github" / "ISSUE_TEMPLATE" / name for name in ("bug.yml", "feature.yml")]
PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
MAKE = re.compile(r"\bmake ([a-z]+)")
ECOSYSTEMS = {"github-actions": "the workflows", "pip": "pyproject.toml"}

each_workflow = pytest.mark.parametrize("workflow", WORKFLOWS, ids=[workflow.stem for workflow in WORKFLOWS])


def read(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(path.read_text())
    return loaded


def steps(workflow: Path) -> list[dict[str, Any]]:
    return [step for job in read(workflow)["jobs"].values() for step in job.get("steps", [])]


def test_workflows_are_check_and_release() -> None:
    assert [workflow.name for workflow in WORKFLOWS] == ["check.yml", "release.yml"]


@each_workflow
def test_workflow_pins_each_action_by_commit_and_names_its_version(workflow: Path) -> None:
    used = re.findall(r"^[\s-]*uses: *(.*)$", workflow.read_text(), re.MULTILINE)

    assert used
    assert [action for action in used if not action.startswith("./") and not PINNED.fullmatch(action)] == []


@each_workflow
def test_workflow_may_only_read_by_default(workflow: Path) -> None:
    assert read(workflow)["permissions"] == {"contents": "read"}


def test_only_the_job_that_publishes_may_write() -> None:
    granted = {
        (workflow.stem, name): job["permissions"]
        for workflow in WORKFLOWS
        for name, job in read(workflow)["jobs"].items()
        if "permissions" in job
    }

    assert granted == {("release", "publish"): {"contents": "write"}}


@each_workflow
def test_workflow_does_not_keep_credentials_in_the_clone(workflow: Path) -> None:
    checkouts = [step for step in steps(workflow) if step.get("uses", "").startswith("actions/checkout@")]

    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


@each_workflow
def test_workflow_limits_the_time_of_each_job(workflow: Path) -> None:
    unlimited = [
        name for name, job in read(workflow)["jobs"].items() if "steps" in job and "timeout-minutes" not in job
    ]

    assert unlimited == []


@each_workflow
def test_workflow_passes_no_expression_into_a_shell(workflow: Path) -> None:
    """A title or a tag with a quote in it would become a command; environment variables do not."""
    assert [step["run"] for step in steps(workflow) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", NAMING_TARGETS, ids=[path.name for path in NAMING_TARGETS])
def test_named_make_targets_exist(path: Path) -> None:
    named = set(MAKE.findall(path.read_text()))

    assert named
    assert named <= set(TARGET.findall((ROOT / "Makefile").read_text()))


def test_release_runs_the_checks_of_a_pull_request_first() -> None:
    jobs = read(RELEASE)["jobs"]

    assert jobs["check"]["uses"] == "./.github/workflows/check.yml"
    assert set(jobs["publish"]["needs"]) == {"check", "build"}


def step_with(text: str) -> str:
    """Return the script of the only step of the release that contains a text."""
    (script,) = [step["run"] for step in steps(RELEASE) if text in step.get("run", "")]
    return str(script)


def compare_tag(tag: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run the step that compares a tag with two files of version 1.2.3."""
    sections = "# Log\n\n## [1.2.3] - 2026-12-01\n\n* new\n\n## [1.2.2] - 2026-11-01\n\n* old\n"
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    (tmp_path / "CHANGELOG.md").write_text(sections)
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", step_with("GITHUB_REF_NAME#v")],
        env={"PATH": os.environ["PATH"], "GITHUB_REF_NAME": tag},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )


def test_release_notes_are_the_section_of_the_tag(tmp_path: Path) -> None:
    done = compare_tag("v1.2.3", tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^\* .*", (tmp_path / "notes.md").read_text(), re.MULTILINE) == ["* new"]


def test_release_packs_each_file_that_the_built_template_refers_to() -> None:
    """`sam build` copies the code and the nested stacks into the build, but not the definition of a state machine."""
    packed = step_with("zip --quiet")
    definitions = re.findall(r"DefinitionUri: (\S+)", (ROOT / "template.yaml").read_text())

    assert definitions
    assert [path for path in [".aws-sam/build", "samconfig.toml", *definitions] if path not in packed] == []


@pytest.mark.parametrize("tag", ["v1.2.4", "v1.2", "v1x2.3", "v1.2.2"])
def test_release_stops_when_the_tag_is_not_the_version(tag: str, tmp_path: Path) -> None:
    done = compare_tag(tag, tmp_path)

    assert done.returncode == 1
    assert f"the version of the tag {tag}" in done.stdout


@pytest.mark.parametrize("form", FORMS, ids=[form.stem for form in FORMS])
def test_issue_form_has_labelled_fields_with_distinct_ids(form: Path) -> None:
    fields = [field for field in read(form)["body"] if field["type"] != "markdown"]

    assert read(form)["name"]
    assert all(field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields) > 0


def test_dependabot_updates_actions_and_packages() -> None:
    updates = read(ROOT / ".github" / "dependabot.yml")["updates"]

    assert {update["package-ecosystem"] for update in updates} == set(ECOSYSTEMS)
    assert all(update["directory"] == "/" and update["schedule"]["interval"] for update in updates)

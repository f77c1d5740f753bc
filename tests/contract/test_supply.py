"""What runs on Lambda is pinned to the byte, is what the tests run with, and is listed."""

import hashlib
import json
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]

from infra.build import artifact, sbom  # noqa: E402
from infra.build.template import functions, load  # noqa: E402

SAM = ROOT / ".local" / "sam" / "bin" / "sam"
PIN = re.compile(r"([a-z0-9-]+)==(\S+)((?: +--hash=sha256:[0-9a-f]{64})+)")


def pins() -> dict[str, str]:
    """The version of each package that requirements.txt names; every line must be a pin with its hashes."""
    logical = (ROOT / "requirements.txt").read_text().replace("\\\n", "").splitlines()
    found = [PIN.fullmatch(line.strip()) for line in logical if line.strip() and not line.strip().startswith("#")]
    assert None not in found
    return {match[1]: match[2] for match in found if match}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The list of what the artefact of this machine has in it; cyclonedx-py has validated it."""
    into = artifact.local_build()
    written = tmp_path_factory.mktemp("sbom") / "sbom.json"
    with artifact.build_lock(into):
        artifact.build(artifact.machine(), into, SAM)
        sbom.write_sbom(into / functions(load(into / "template.yaml"))["HttpFunction"]["CodeUri"], written)
    return json.loads(written.read_text())


def named(components: list[dict[str, str]]) -> dict[str, str]:
    return {component["name"].replace("_", "-").lower(): component["version"] for component in components}


def test_what_the_code_asks_for_is_pinned_with_all_that_comes_along() -> None:
    """`make pins` writes the one from the other."""
    asked = dict(requirement.split("==") for requirement in project()["project"]["dependencies"])

    assert asked.items() <= pins().items()
    needed = [Requirement(text) for name in pins() for text in metadata.requires(name) or []]
    along = {wanted.name for wanted in needed if wanted.marker is None or wanted.marker.evaluate({"extra": ""})}
    assert {canonicalize_name(name) for name in along} <= pins().keys()


def test_every_package_has_hashes_for_more_than_one_kind_of_machine() -> None:
    """A file for each processor, or one for all and its source."""
    text = (ROOT / "requirements.txt").read_text()
    for name, version in pins().items():
        entry = text.partition(f"\n{name}=={version} ")[2].partition(" # via")[0]
        assert len(set(re.findall(r"sha256:[0-9a-f]{64}", entry))) >= 2, name


def test_the_tests_run_with_the_pinned_versions() -> None:
    assert pins() == {name: metadata.version(name) for name in pins()}


def test_every_tool_is_pinned() -> None:
    tools = [tool for group in project()["dependency-groups"].values() for tool in group]

    assert [tool for tool in tools if not re.fullmatch(r"[A-Za-z0-9-]+==[A-Za-z0-9.]+", tool)] == []


def test_the_list_of_the_artefact_has_every_pinned_package_and_no_other(listed: Any) -> None:
    assert named(listed["components"]) == pins()
    assert {component["purl"].partition("/")[0] for component in listed["components"]} == {"pkg:pypi"}


def test_the_list_says_of_each_package_its_licence_and_of_the_whole_what_it_asks_for(listed: Any) -> None:
    assert [component["name"] for component in listed["components"] if not component.get("licenses")] == []
    root = listed["metadata"]["component"]
    assert (root["name"], root["version"]) == ("image-intake", project()["project"]["version"])
    [asked] = [entry for entry in listed["dependencies"] if entry["ref"] == root["bom-ref"]]
    assert sorted(name.replace("_", "-") for name in asked["dependsOn"]) == project()["project"]["dependencies"]


def test_a_file_that_is_not_the_pinned_one_is_not_fetched(tmp_path: Path) -> None:
    """Although asked for by name and version alone, as sam does it for another processor."""
    wheel = tmp_path / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        archive.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("thing-1.0.dist-info/RECORD", "")

    def fetched(digest: str) -> bool:
        pinned = tmp_path / "a list.txt"
        pinned.write_text(f"thing==1.0 --hash=sha256:{digest}\n")
        command = [sys.executable, "-m", "pip", "download", "--isolated", "--no-index", "--no-deps", "--quiet"]
        command += ["--find-links", str(tmp_path), "--dest", str(tmp_path / digest), "thing==1.0"]
        # --isolated, so that no other index is asked, has pip read no variables: they go in as options.
        command += ["--constraint", artifact.require_hashes(pinned)["PIP_CONSTRAINT"]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or "DO NOT MATCH THE HASHES" in done.stderr
        return done.returncode == 0

    assert fetched(hashlib.sha256(wheel.read_bytes()).hexdigest())
    assert not fetched("0" * 64)

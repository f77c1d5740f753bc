"""The packages that run on Lambda: pinned by hash, the same in the tests, and listed."""

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
from infra.build.template_file import list_functions, load  # noqa: E402

DECODERS = "requirements-decode.txt"
SAM = ROOT / ".local" / "sam" / "bin" / "sam"
PIN = re.compile(r"([a-z0-9-]+)==(\S+)((?: +--hash=sha256:[0-9a-f]{64})+)")


def pins(name: str = "requirements.txt") -> dict[str, str]:
    """Read the version of each package in a list; every line must be a pin with its hashes."""
    logical = (ROOT / name).read_text().replace("\\\n", "").splitlines()
    matches = [PIN.fullmatch(line.strip()) for line in logical if line.strip() and not line.strip().startswith("#")]
    assert None not in matches
    return {match[1]: match[2] for match in matches if match}


def project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def bill_of_materials(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The list of the packages in the artifact for this machine; cyclonedx-py has validated it."""
    build = artifact.local_build_directory()
    path = tmp_path_factory.mktemp("sbom") / "sbom.json"
    with artifact.build_lock():
        artifact.build(artifact.local_architecture(), build, SAM)
        sbom.write_sbom(build / list_functions(load(build / "template.yaml"))["HttpFunction"]["CodeUri"], path)
    return json.loads(path.read_text())


def versions(components: list[dict[str, str]]) -> dict[str, str]:
    return {component["name"].replace("_", "-").lower(): component["version"] for component in components}


def test_requirements_pin_every_dependency_and_what_it_needs() -> None:
    """`make pins` writes requirements.txt from pyproject.toml."""
    direct = dict(requirement.split("==") for requirement in project()["project"]["dependencies"])

    assert direct.items() <= pins().items()
    requirements = [Requirement(text) for name in pins() for text in metadata.requires(name) or []]
    needed = {each.name for each in requirements if each.marker is None or each.marker.evaluate({"extra": ""})}
    assert {canonicalize_name(name) for name in needed} <= pins().keys()


def test_decoders_are_pinned_with_what_they_need_and_are_no_part_of_the_default() -> None:
    """`make pins` writes requirements-decode.txt from the group `decode`. Both lists are in one artifact."""
    direct = dict(requirement.split("==") for requirement in project()["dependency-groups"]["decode"])
    decoders = pins(DECODERS)

    assert direct.items() <= decoders.items()
    requirements = [Requirement(text) for name in decoders for text in metadata.requires(name) or []]
    needed = {each.name for each in requirements if each.marker is None or each.marker.evaluate({"extra": ""})}
    assert {canonicalize_name(name) for name in needed} <= decoders.keys()
    assert decoders.keys().isdisjoint(pins())
    assert decoders == {name: metadata.version(name) for name in decoders}


@pytest.mark.parametrize("name", ["requirements.txt", DECODERS])
def test_every_pin_has_hashes_for_more_than_one_processor(name: str) -> None:
    """A file for each processor, or one for all and the source."""
    text = (ROOT / name).read_text()
    for package, version in pins(name).items():
        entry = text.partition(f"\n{package}=={version} ")[2].partition(" # via")[0]
        assert len(set(re.findall(r"sha256:[0-9a-f]{64}", entry))) >= 2, package


def test_tests_run_with_the_pinned_versions() -> None:
    assert pins() == {name: metadata.version(name) for name in pins()}


def test_every_tool_is_pinned() -> None:
    tools = [tool for group in project()["dependency-groups"].values() for tool in group]

    assert [tool for tool in tools if not re.fullmatch(r"[A-Za-z0-9-]+==[A-Za-z0-9.]+", tool)] == []


def test_every_javascript_package_is_pinned_by_hash_and_names_no_address() -> None:
    """`npm install --package-lock-only --omit-lockfile-registry-resolved` writes the list."""
    folder = ROOT / "tests" / "javascript"
    direct, lock = (json.loads((folder / name).read_text()) for name in ("package.json", "package-lock.json"))
    packages = {name.rpartition("node_modules/")[2]: package for name, package in lock["packages"].items() if name}

    assert direct["dependencies"].items() <= {name: package["version"] for name, package in packages.items()}.items()
    unpinned = [name for name, package in packages.items() if not ("integrity" in package or package.get("inBundle"))]
    assert unpinned == []
    assert [name for name, package in packages.items() if "resolved" in package] == []


def test_bill_of_materials_lists_the_pinned_packages_and_no_other(bill_of_materials: Any) -> None:
    assert pins() == versions(bill_of_materials["components"])
    assert {component["purl"].partition("/")[0] for component in bill_of_materials["components"]} == {"pkg:pypi"}


def test_bill_of_materials_has_licenses_and_the_direct_dependencies(bill_of_materials: Any) -> None:
    components = bill_of_materials["components"]
    assert [component["name"] for component in components if not component.get("licenses")] == []
    root = bill_of_materials["metadata"]["component"]
    assert ("image-intake", project()["project"]["version"]) == (root["name"], root["version"])
    [entry] = [each for each in bill_of_materials["dependencies"] if each["ref"] == root["bom-ref"]]
    assert project()["project"]["dependencies"] == sorted(name.replace("_", "-") for name in entry["dependsOn"])


def test_pip_rejects_a_file_whose_hash_is_not_pinned(tmp_path: Path) -> None:
    """Also where only name and version are on the command line, as sam does it for another processor."""
    wheel = tmp_path / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        archive.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr("thing-1.0.dist-info/RECORD", "")

    def is_downloaded(digest: str) -> bool:
        pinned = tmp_path / "a list.txt"
        pinned.write_text(f"thing==1.0 --hash=sha256:{digest}\n")
        command = [sys.executable, "-m", "pip", "download", "--isolated", "--no-index", "--no-deps", "--quiet"]
        command += ["--find-links", str(tmp_path), "--dest", str(tmp_path / digest), "thing==1.0"]
        # With --isolated pip asks no other index, and reads no variables: the constraint is passed as an option.
        command += ["--constraint", artifact.require_hashes(pinned)["PIP_CONSTRAINT"]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or "DO NOT MATCH THE HASHES" in done.stderr
        return done.returncode == 0

    assert is_downloaded(hashlib.sha256(wheel.read_bytes()).hexdigest())
    assert not is_downloaded("0" * 64)

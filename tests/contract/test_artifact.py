"""The built artifact is complete, and the check of `make build` finds every fault of one."""

import struct
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

from infra.build import artifact, artifact_check  # noqa: E402
from infra.build.template_file import list_functions, load  # noqa: E402

LIBRARY = b"\x7fELF" + bytes(14) + struct.pack("<H", artifact_check.MACHINES["arm64"])
SAM = ROOT / ".local" / "sam" / "bin" / "sam"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A small artifact without faults."""
    for package in artifact_check.PACKAGES:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").write_text("def handler(event, context): ...\n")
    (tmp_path / "pydantic_core").mkdir()
    (tmp_path / "pydantic_core" / "core.so").write_bytes(LIBRARY)
    artifact.compile_tree(tmp_path)
    return tmp_path


def test_artifact_built_by_sam_has_no_faults() -> None:
    """Packages, bytecode and processor are right, and each handler imports without other packages."""
    if not SAM.exists():
        pytest.fail("sam is not installed: run `make install`, or `make test` for everything.")
    into = artifact.local_build_directory()

    with artifact.build_lock():
        report = artifact.build(artifact.local_architecture(), into, SAM)

        built = list_functions(load(into / "template.yaml"))
        assert [line.partition(":")[0] for line in report] == list(built)
        for properties in built.values():
            assert artifact_check.find_faults(into / properties["CodeUri"], artifact.local_architecture()) == []


def test_functions_have_equal_code_and_the_data_of_s3_and_sts_only(tmp_path: Path) -> None:
    codes = [tmp_path / name for name in ("one", "two")]
    for code in codes:
        (code / "intake" / "part").mkdir(parents=True)
        (code / "intake" / "part" / "README.md").write_text("# A page\n")
        for service in ("ec2", "s3", "sts"):
            (code / "botocore" / "data" / service).mkdir(parents=True)
        (code / "botocore" / "data" / "endpoints.json").write_text('{"partitions": []}')
        (code / "app.py").write_text("def handler(event, context): ...\n")

    artifact.finish_code(codes)

    for code in codes:
        assert {"endpoints.json", "s3", "sts"} == {path.name for path in (code / "botocore" / "data").iterdir()}
        assert (code / "__pycache__" / "app.cpython-313.pyc").exists()
        assert not list(code.rglob("*.md"))


def test_check_finds_no_fault_in_a_valid_artifact(code: Path) -> None:
    assert artifact_check.find_faults(code, "arm64") == []
    assert artifact_check.find_import_fault(code, "intake.handler") is None


def test_bytecode_has_the_paths_of_lambda(code: Path) -> None:
    compiled = (code / "intake" / "__pycache__" / "__init__.cpython-313.pyc").read_bytes()

    assert b"/var/task/intake/__init__.py" in compiled
    assert str(code).encode() not in compiled


def test_check_finds_a_missing_package(code: Path) -> None:
    (code / "httpx").rename(code / "elsewhere")

    assert artifact_check.find_faults(code, "arm64") == ["httpx is missing"]


def test_check_finds_a_module_without_bytecode(code: Path) -> None:
    (code / "intake" / "late.py").write_text("")

    assert artifact_check.find_faults(code, "arm64") == ["intake/late.py has no bytecode"]


def test_bytecode_with_a_timestamp_is_replaced(code: Path) -> None:
    """A test run leaves such bytecode in the source tree; it is invalid after the zip changes the time."""
    stale = code / "intake" / "__pycache__" / "__init__.cpython-313.pyc"
    stale.write_bytes(stale.read_bytes()[:4] + bytes(12) + stale.read_bytes()[16:])
    assert artifact_check.find_faults(code, "arm64") == ["intake/__init__.py has no bytecode"]

    artifact.compile_tree(code)

    assert artifact_check.find_faults(code, "arm64") == []


@pytest.mark.parametrize(("machine", "valid"), [("arm64", True), ("x86_64", False)])
def test_check_finds_a_library_for_another_processor(code: Path, machine: str, valid: bool) -> None:  # noqa: FBT001 - a parameter of the test
    (code / "intake" / "fast.so").write_bytes(LIBRARY)

    assert (artifact_check.find_faults(code, machine) == []) is valid


@pytest.mark.parametrize("name", ["libjpeg-1a2b.so.62", "libvips-cpp-8c.so.42.20.7"])
def test_check_finds_a_library_with_a_version_for_another_processor(code: Path, name: str) -> None:
    """Wheels bring the libraries of their packages along."""
    (code / "some.libs").mkdir()
    (code / "some.libs" / name).write_bytes(LIBRARY)

    assert artifact_check.find_faults(code, "arm64") == []
    assert f"some.libs/{name} is for another processor (ELF machine 0xb7)" in artifact_check.find_faults(code, "x86_64")


def test_check_finds_decoders_that_are_missing_or_of_another_version(code: Path) -> None:
    requirements = code / "list.txt"
    requirements.write_text(
        "# by make pins\na-decoder==1.0 \\\n    --hash=sha256:0\nnumbers==2.0 \\\n    --hash=sha256:0\n"
    )
    for name in ("A_Decoder-1.0", "numbers-2.1"):
        (code / f"{name}.dist-info").mkdir()

    assert artifact_check.find_missing_pins(code, requirements) == ["numbers-2.0 is missing"]


def test_check_finds_a_package_without_its_compiled_part(code: Path) -> None:
    (code / "pydantic_core" / "core.so").unlink()

    assert artifact_check.find_faults(code, "arm64") == ["pydantic_core has no compiled part"]


def test_check_finds_a_handler_that_does_not_import(code: Path) -> None:
    (code / "intake" / "needs.py").write_text("import pytest\n")

    assert "No module named 'pytest'" in (artifact_check.find_import_fault(code, "intake.needs.handler") or "")
    assert "has no attribute 'missing'" in (artifact_check.find_import_fault(code, "intake.missing") or "")

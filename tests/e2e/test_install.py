"""`infra/build/create_venv.sh`: which Python it uses for a virtual environment, and how it explains failures."""

import os
import signal
import socket
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
from infra.build.template_file import ROOT

from support.running_command import start_command, wait_for_output

SCRIPT = ROOT / "infra" / "build" / "create_venv.sh"
GROUPS = '[dependency-groups]\ntool = [\n  "tool==1.0",\n]\nother = ["other==2.0"]\n'
WAITING = "Another command is installing: waiting for it ...\n"


def write_wheel(directory: Path, name: str, version: str) -> None:
    directory.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(directory / f"{name}-{version}-py3-none-any.whl", "w") as archive:
        archive.writestr(f"{name}.py", "VALUE = 1\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with two dependency groups, and an index of files that has a package for each."""
    root = tmp_path_factory.mktemp("project")
    (root / "pyproject.toml").write_text(GROUPS)
    write_wheel(root / "wheels", "tool", "1.0")
    write_wheel(root / "wheels", "other", "2.0")
    return root


def install(project: Path, directory: str, group: str = "tool", **variables: str) -> subprocess.CompletedProcess[str]:
    """Install a group from the files, unless variables name another index."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "1", "PIP_DEFAULT_TIMEOUT": "2"}
    environment |= variables or {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(project / "wheels")}
    return subprocess.run(
        [SCRIPT, directory, group, f"the {group}s"],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_venv_installs_two_groups_without_bytecode_and_then_has_nothing_to_do(project: Path) -> None:
    first = install(project, ".venv", "tool")
    second = install(project, ".venv", "other")
    again = install(project, ".venv", "tool", PIP_NO_INDEX="1")

    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("Installing the tools into .venv (once; a minute or less) ...\n  done in ")
    assert (second.returncode, second.stderr) == (0, "")
    assert (again.returncode, again.stdout) == (0, "")
    [packages] = (project / ".venv" / "lib").glob("python3.13/site-packages")
    assert (packages / "tool.py").exists()
    assert (packages / "other.py").exists()
    assert not list((packages / "__pycache__").glob("tool.*"))


def test_venv_shares_the_pip_of_the_first_environment(project: Path) -> None:
    assert install(project, ".venv").returncode == 0

    assert install(project, "second", "other").returncode == 0

    [packages] = (project / "second" / "lib").glob("python3.13/site-packages")
    assert sorted(path.name for path in packages.iterdir()) == ["other-2.0.dist-info", "other.py"]


def test_venv_does_not_call_an_unreachable_index_a_missing_version(project: Path) -> None:
    done = install(project, "unreachable", PIP_INDEX_URL="http://127.0.0.1:1/simple")

    assert done.returncode == 1
    assert done.stderr.startswith("The package index cannot be reached, so the tools could not be installed.")
    assert "Connection refused" in done.stderr
    assert "No matching distribution" not in done.stderr


def test_venv_names_the_version_that_the_index_does_not_have(project: Path, tmp_path: Path) -> None:
    done = install(project, "missing", PIP_NO_INDEX="1", PIP_FIND_LINKS=str(tmp_path))

    assert done.returncode == 1
    assert done.stderr.startswith("The package index does not have a version that is needed for the tools.")
    assert "No matching distribution found for tool==1.0" in done.stderr


def other_python() -> Iterator[str]:
    """Interpreters on this machine that are not Python 3.13."""
    for name in ("python3.12", "python3.11", "python3.10", "python3.14"):
        if path := which(name, path="/usr/bin:/usr/local/bin:/opt/homebrew/bin"):
            yield path


@pytest.fixture
def old_python(tmp_path: Path) -> Path:
    """A Python 3.11, or what behaves as one: it says its version, and refuses to be taken for another."""
    path = tmp_path / "python3.11"
    path.write_text('#!/bin/sh\ncase "$2" in *platform*) echo 3.11.2 ;; *) exit 1 ;; esac\n')
    path.chmod(0o755)
    return path


def test_venv_names_the_version_of_a_python_that_is_not_suitable(project: Path, old_python: Path) -> None:
    for python, version in [(str(old_python), "3.11.2"), *((path, "3.") for path in other_python())]:
        done = install(project, "wrong", PYTHON=python, PIP_NO_INDEX="1")

        assert done.returncode != 0
        assert done.stderr.startswith(f"PYTHON={python} is Python {version}")
        assert done.stderr.endswith("; Python 3.13 is needed, the Python of the Lambda runtime.\n")


@pytest.mark.parametrize("python", ["/does/not/exist", "/bin/false", "/"])
def test_venv_says_that_a_path_is_not_a_python(project: Path, python: str) -> None:
    done = install(project, "wrong", PYTHON=python, PIP_NO_INDEX="1")

    assert done.returncode != 0
    assert done.stderr == (
        f"PYTHON={python} does not run as a Python interpreter; the path of a Python 3.13 is needed.\n"
    )


def test_venv_says_how_to_install_python_when_there_is_none(project: Path, tmp_path: Path) -> None:
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "env", "mkdir", "flock", "awk", "cat", "rm"):
        (tools / name).symlink_to(str(which(name)))
    nowhere = {"PATH": str(tools), "HOME": str(tmp_path), "PYENV_ROOT": str(tmp_path)}

    done = install(project, "none", PIP_NO_INDEX="1", UV_PYTHON_INSTALL_DIR=str(tmp_path), **nowhere)

    assert done.returncode != 0
    assert done.stderr.startswith("Python 3.13, the Python of the Lambda runtime, was not found.")


@pytest.fixture
def silent_index() -> Iterator[str]:
    """An index that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/simple"


def test_ctrl_c_stops_the_installation_and_says_how_to_continue(
    project: Path, tmp_path: Path, silent_index: str
) -> None:
    # A bash that inherits an ignored SIGINT, as a job in the background does, cannot catch it.
    program = (
        "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    )
    log = tmp_path / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(SCRIPT), "stopped", "tool", "the tools"],
            cwd=project,
            env=os.environ | {"PIP_INDEX_URL": silent_index, "PIP_DEFAULT_TIMEOUT": "60"},
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        assert wait_for_output(log, "Installing the tools into stopped")
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(30) == 130
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert log.read_text().endswith("\nStopped. The same command goes on from here.\n")


def test_venv_waits_for_another_installation_and_does_not_repeat_it(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(GROUPS)
    (tmp_path / ".local").mkdir()
    python, log = tmp_path / "there" / "bin" / "python", tmp_path / "log"
    hold = f"exec 9>{tmp_path}/.local/install.lock; flock 9; echo held; read -r _"
    with subprocess.Popen(["bash", "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdin is not None
        assert other.stdout.readline() == b"held\n"
        with start_command([str(SCRIPT), "there", "tool", "a tool"], log, tmp_path) as process:
            assert wait_for_output(log, WAITING)
            python.parent.mkdir(parents=True)
            python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
            python.chmod(0o755)
            (tmp_path / "there" / "installed-tool.txt").write_text('tool = [\n  "tool==1.0",\n]\n')
            other.stdin.write(b"done\n")
            other.stdin.flush()
            assert process.wait(30) == 0

    assert log.read_text() == WAITING

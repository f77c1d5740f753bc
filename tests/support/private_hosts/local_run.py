"""`make run` with private hosts: the command as a user starts it, in the namespace."""

import os
import subprocess
import sys
from pathlib import Path

import certifi

_ROOT = Path(__file__).parents[3]
_CERTIFICATES = Path(certifi.__file__).with_name("cacert.pem")


def trust(bundle: Path) -> None:
    """Let every command trust the authorities of a bundle alone, in this mount namespace."""
    subprocess.run(["mount", "--bind", bundle, _CERTIFICATES], check=True)


def run_list(urls: list[str], work: Path) -> dict[str, object]:
    """Download a list with two processes; return how the command ended, what it printed and what it wrote.

    Args:
        urls: the list.
        work: the directory that is made for it.
    """
    work.mkdir()
    (work / "urls.txt").write_text("\n".join(urls))
    command = [sys.executable, "-m", "infra.run", str(work / "urls.txt"), str(work / "out")]
    environment = os.environ | {"PROCESSES": "2", "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], str(_ROOT)])}
    for name in ("IMAGE_BUCKET", "INBOX_BUCKET"):
        environment.pop(name)
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    written = [path.read_bytes() for path in (work / "out").rglob("*") if path.is_file()]
    return {
        "status": done.returncode,
        "printed": done.stdout + done.stderr,
        "written": b"".join(written).decode("latin-1"),
    }

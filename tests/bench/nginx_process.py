"""Runs nginx with a configuration of the benchmark.

nginx needs its Lua module (Debian: nginx-extras). It delays each response exactly and uses little CPU.
"""

import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import geteuid
from pathlib import Path
from string import ascii_lowercase, digits

from infra.command.child_process import read_tail, run_in_background
from infra.command.errors import CommandError

_START_SECONDS = 10.0
_MODULE = "ngx_http_lua_module.so"
_MISSING = "nginx with its Lua module is missing: apt install nginx-extras, then stop the service that it starts."


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx.

    Attributes:
        pid: of its master process.
    """

    pid: int

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of the workers so far, as the kernel counts them."""
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split()
        return sum(int(Path(f"/proc/{child}/schedstat").read_text().split()[0]) for child in children) / 1e9


@contextmanager
def run_nginx(template: Path, home: Path, address: tuple[str, int], values: Mapping[str, object]) -> Iterator[Nginx]:
    """Start nginx, wait until it listens, and stop it with the block.

    Args:
        template: the configuration. Each name between at signs is replaced by its value.
        home: an empty directory.
        address: an address that it listens on.
        values: by name, beside `modules`, `user` and `home`.

    Raises:
        CommandError: nginx is missing or does not start.
    """
    nginx, modules = _find_nginx()
    filled = {"modules": modules, "user": "user root;" if geteuid() == 0 else "", "home": home, **values}
    conf, log = home / "nginx.conf", home / "nginx.log"
    pattern = f"@([{ascii_lowercase}{digits}_]+)@"
    conf.write_text(re.sub(pattern, lambda match: str(filled[match[1]]), template.read_text()))
    with run_in_background(
        [nginx, "-p", home, "-e", home / "error.log", "-c", conf], env={}, cwd=home, log=log
    ) as process:
        _wait_until_listening(process, address, log)
        yield Nginx(process.pid)


def _find_nginx() -> tuple[str, Path]:
    """Return the paths of nginx and of its modules."""
    found = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        raise CommandError(_MISSING)
    version = subprocess.run([found, "-V"], capture_output=True, text=True, check=True).stderr
    modules = Path((re.search(r"--modules-path=(\S+)", version) or ["", "/nowhere"])[1])
    if not (modules / _MODULE).exists():
        raise CommandError(_MISSING)
    return found, modules


def _wait_until_listening(process: subprocess.Popen[bytes], address: tuple[str, int], log: Path) -> None:
    until = time.monotonic() + _START_SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(address) == 0:
                return
        if process.poll() is not None or time.monotonic() > until:
            raise CommandError(f"nginx did not start:\n{read_tail(log)}")
        time.sleep(0.02)

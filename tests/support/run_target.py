"""`make run` in forked processes: the packages are imported once, so that a test can afford many commands.

Reads requests from stdin, one JSON object a line. `{"arguments": […], "environment": {…}, "log": "…"}` starts a command
in a process group of its own and prints its pid. `{"wait": pid}` prints its exit status; a signal is negative.
"""

import json
import os
import signal
import sys
import traceback
from typing import Any

from infra.run import page  # noqa: F401 - imported before the fork, as the command imports it at its end
from infra.run.__main__ import main

_LONGEST_SECONDS = 120
"""A command that hangs is ended by SIGALRM."""


def run_target() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        if pid := request.get("wait"):
            print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), flush=True)
            continue
        pid = os.fork()
        if not pid:
            _run(request)
        os.setpgid(pid, pid)
        print(pid, flush=True)


def _run(request: dict[str, Any]) -> None:
    status: object = 1
    try:
        os.setpgid(0, 0)
        signal.alarm(_LONGEST_SECONDS)
        log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for descriptor in (1, 2):
            os.dup2(log, descriptor)
        os.environ.clear()
        os.environ.update(request["environment"])
        sys.argv = ["make run", *request["arguments"]]
        status = main()
    except SystemExit as error:
        status = error.code
    except BaseException:  # noqa: BLE001 - a test reads it in the log
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else 1)


if __name__ == "__main__":
    run_target()

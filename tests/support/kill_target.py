"""A warm function whose every run is a process of its own, so that it can be killed at any moment.

Reads events of the S3 door, one a line. Says which process takes it, and then how that ended: an exit status, or the
signal as a negative number.
"""

import json
import os
import sys

from intake import app
from intake.handlers import s3
from support.lambda_context import Context


def main() -> None:
    app.manifest_service()  # all is built, nothing is opened: as after the start of a function
    for line in sys.stdin:
        process = os.fork()
        if not process:
            _run(line)
        print(process, flush=True)
        _, status = os.waitpid(process, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(line: str) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    status = 1
    try:
        s3.handler(json.loads(line), Context(60.0))
        status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()

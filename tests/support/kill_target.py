"""Warm S3 and queue functions that run every invocation in a child process, so that a test can kill it at any moment.

The process reads events of S3 and SQS from stdin, one a line. For each it prints the id of the child process and, when
that has ended, its exit status, or the signal as a negative number. The status is 1 if the event must come again.
"""

import json
import os
import sys

from intake import app
from intake.handlers import queue, s3
from support.lambda_context import Context


def main() -> None:
    app.manifest_service()  # built before the fork, with no connection open: as after a cold start
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
    event = json.loads(line)
    try:
        if "body" in event["Records"][0]:
            status = int(bool(queue.handler(event, Context(60.0))["batchItemFailures"]))
        else:
            s3.handler(event, Context(60.0))
            status = 0
    finally:
        os._exit(status)


if __name__ == "__main__":
    main()

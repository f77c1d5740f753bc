"""Commands that `make bulk` tells the user to type."""

import shlex
from dataclasses import dataclass

DEFAULT_STACK = "image-intake"


@dataclass(frozen=True, slots=True)
class Commands:
    """They name the same stack and the same AWS as the command that prints them.

    Attributes:
        stack: its name.
        endpoint: URL of a local AWS; None for AWS itself.
    """

    stack: str
    endpoint: str | None = None

    def follow(self, run: str) -> str:
        """The command that follows a run again."""
        stack = "" if self.stack == DEFAULT_STACK else f" STACK={shlex.quote(self.stack)}"
        endpoint = f" ENDPOINT={self.endpoint}" if self.endpoint else ""
        return f"make bulk RUN={run}{stack}{endpoint}"

    def newest_run(self, machine: str) -> str:
        """The command that prints the name of the newest run of a state machine (ARN)."""
        query = "--query executions[0].name --output text"
        return self._aws(f"stepfunctions list-executions --state-machine-arn {machine} {query}")

    def list_runs(self, machine: str) -> str:
        """The command that prints the names of the runs of a state machine (ARN)."""
        query = "--query executions[].name"
        return self._aws(f"stepfunctions list-executions --state-machine-arn {machine} {query}")

    def redrive(self, arn: str) -> str:
        """The command that repeats the failed state of a run (ARN)."""
        return self._aws(f"stepfunctions redrive-execution --execution-arn {arn}")

    def _aws(self, words: str) -> str:
        return f"aws --endpoint-url {self.endpoint} {words}" if self.endpoint else f"aws {words}"

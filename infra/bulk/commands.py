"""Commands that `make bulk` tells the user to type."""

import shlex
from dataclasses import dataclass, replace

DEFAULT_STACK = "image-intake"


@dataclass(frozen=True, slots=True)
class Commands:
    """Commands for the same stack and the same AWS as the command that prints them.

    Attributes:
        stack: the name of the stack.
        endpoint: URL of a local AWS; None for AWS itself.
        out: the folder that results are downloaded into; empty for none.
    """

    stack: str
    endpoint: str | None = None
    out: str = ""

    def follow(self, run: str) -> str:
        """Return the command that follows a run again."""
        return self.bulk(f"RUN={run}")

    def bulk(self, argument: str) -> str:
        """Return `make bulk` with an argument, such as LIST=list.csv."""
        out = f" OUT={shlex.quote(self.out)}" if self.out else ""
        return f"make bulk {argument}{self._where()}{out}"

    def look(self, argument: str) -> str:
        """Return `make look` with an argument, such as RUN=name."""
        return f"make look {argument}{self._where()}"

    def download(self, run: str) -> str:
        """Return the command that downloads the results of a run into a folder."""
        return replace(self, out="folder").follow(run)

    def newest_run(self, machine: str) -> str:
        """Return the command that prints the name of the newest run of a state machine (ARN)."""
        query = "--query executions[0].name --output text"
        return self._aws(f"stepfunctions list-executions --state-machine-arn {machine} {query}")

    def list_runs(self, machine: str) -> str:
        """Return the command that prints the names of the runs of a state machine (ARN)."""
        query = "--query executions[].name"
        return self._aws(f"stepfunctions list-executions --state-machine-arn {machine} {query}")

    def redrive(self, arn: str) -> str:
        """Return the command that repeats the failed state of a run (ARN)."""
        return self._aws(f"stepfunctions redrive-execution --execution-arn {arn}")

    def _where(self) -> str:
        stack = "" if self.stack == DEFAULT_STACK else f" STACK={shlex.quote(self.stack)}"
        return f"{stack} ENDPOINT={self.endpoint}" if self.endpoint else stack

    def _aws(self, arguments: str) -> str:
        return f"aws --endpoint-url {self.endpoint} {arguments}" if self.endpoint else f"aws {arguments}"

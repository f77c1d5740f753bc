"""The worker processes of a run: what happens if they cannot be started."""

import errno
import os
from typing import Any, NoReturn
from unittest.mock import Mock

import pytest
from infra.command.errors import CommandError
from infra.run.processes import Processes


@pytest.mark.parametrize(("call", "number"), [("fork", errno.EAGAIN), ("fork", errno.ENOMEM), ("pipe", errno.EMFILE)])
def test_command_says_that_processes_cannot_be_started(call: str, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, call, fail)
    processes = Processes()
    with pytest.raises(CommandError, match=rf"2 worker processes .*: {os.strerror(number)}\. Set PROCESSES=1"):
        processes.start(2, Mock())
    processes.stop()

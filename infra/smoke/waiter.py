"""Waiter: waits for results of the asynchronous entry points, with a limit, until the command is stopped."""

import threading
import time
from collections.abc import Callable

from infra.smoke.check import CheckFailed, Stopped

_POLL_SECONDS = 0.5


class Waiter:
    """Waits for results. Threads share it.

    Attributes:
        seconds: the limit of one wait.
        stopped: set it to end every wait.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.stopped = threading.Event()

    def wait_for[T](self, poll: Callable[[], T | None], expected: str, advice: str = "") -> T:
        """Call a function until it returns something.

        Args:
            poll: returns None until there is a result.
            expected: names the result in messages.
            advice: what to do if there is none.

        Raises:
            CheckFailed: there is none within the limit.
            Stopped: the command is stopped.
        """
        deadline = time.monotonic() + self.seconds
        while (found := poll()) is None:
            if time.monotonic() >= deadline:
                raise CheckFailed(f"{expected}: none within {self.seconds:g} seconds (WAIT).", advice)
            if self.stopped.wait(_POLL_SECONDS):
                raise Stopped
        return found

"""CoolDown: until when this environment sends no request to one origin."""

from dataclasses import dataclass

MAX_SECONDS = 900.0
"""The longest cool-down, whatever the origin or a document says."""

FRESH_SECONDS = 5.0
"""How long a document is relied on after it was read."""

_MARGIN_SECONDS = 1.0
_MARGIN_SHARE = 0.1
"""A cool-down is written again if it ends later by more than a second and this share of the time that is left."""


@dataclass(slots=True, eq=False)
class CoolDown:
    """What this environment knows about the cool-down of one origin.

    All times are Unix seconds: the monotonic clock stops while Lambda freezes the environment.

    Attributes:
        key: the key of the document that all functions share.
        not_before: until then, no request is sent.
        read_at: when the document was last asked for.
        clear_until: until then, requests are sent without another look at the document; 0 during a cool-down.
        quiet_reads: how many reads, one after another, found no cool-down.
        failures: how many connections failed, one after another. Any response of the origin sets it to 0.
        has_answered: whether the origin has sent any response to this environment.
        never_answered_others: whether the document says so of the environment that wrote it.
        document_time: the time in the document, as far as this environment knows.
        version: the version of the document that was read last; None if there was none.
    """

    key: str
    not_before: float = 0.0
    read_at: float = 0.0
    clear_until: float = 0.0
    quiet_reads: int = 0
    failures: int = 0
    has_answered: bool = False
    never_answered_others: bool = False
    document_time: float = 0.0
    version: str | None = None

    @property
    def is_unreachable(self) -> bool:
        """Whether connections failed, as far as this environment knows."""
        return self.failures > 0 or self.never_answered_others

    @property
    def has_never_answered(self) -> bool:
        """Whether nothing says that there is a server at all: connections failed, and there was never a response."""
        return self.is_unreachable and not self.has_answered

    def is_clear(self, now: float) -> bool:
        """Whether a request may be sent at once. After the clock was set back, it may not."""
        return self.read_at <= now < self.clear_until

    def seconds_left(self, now: float) -> float:
        """Return how long the cool-down lasts, at most `MAX_SECONDS`; 0 or less if there is none."""
        self.not_before = min(self.not_before, now + MAX_SECONDS)  # the clock may have been set back
        return self.not_before - now

    def is_fresh(self, now: float) -> bool:
        """Whether the document was read a short time ago."""
        return self.read_at <= now < self.read_at + FRESH_SECONDS

    def extend(self, seconds: float, now: float) -> None:
        """Begin or extend a cool-down. It is never shortened."""
        if seconds > 0:
            self._keep_later(round(now + min(seconds, MAX_SECONDS), 3))  # in milliseconds, as in the document

    def adopt(self, not_before: float, version: str | None, now: float) -> None:
        """Take over the time in a document."""
        self.document_time, self.version = min(not_before, now + MAX_SECONDS), version
        self._keep_later(self.document_time)

    def _keep_later(self, not_before: float) -> None:
        if not_before > self.not_before:
            self.not_before = not_before
            self.clear_until = 0.0

    def end_read(self, now: float) -> None:
        """Rely on what is known after a read, also a failed one."""
        if self.seconds_left(now) > 0:
            self.quiet_reads = 0
        else:
            self.quiet_reads += 1
            self.clear_until = self.read_at + FRESH_SECONDS

    def is_unshared(self, now: float) -> bool:
        """Whether other functions have to know something that is not in the document.

        Requests that fail together, in one function or in many, end with nearly the same time. One of them is written.
        """
        if self.document_time <= now:
            return self.not_before > now
        return self.not_before - self.document_time > _MARGIN_SECONDS + _MARGIN_SHARE * (self.not_before - now)

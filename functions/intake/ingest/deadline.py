"""When each step of an invocation must end, so that the response leaves before the platform ends the function."""

import asyncio
from dataclasses import dataclass, replace

_RECEIPT_SHARE = 0.7
_RESPONSE_SHARE = 0.85


@dataclass(frozen=True, slots=True)
class Deadline:
    """The end of an invocation. All times are seconds on the event loop's clock.

    Attributes:
        cutoff: when the platform ends the function, or the caller stops waiting.
        margin: seconds before the cutoff that are reserved to store the receipt and to respond (DEADLINE_MARGIN).
    """

    cutoff: float
    margin: float = 0.0

    @classmethod
    def after(cls, seconds: float, margin: float = 0.0) -> "Deadline":
        """Return a deadline whose cutoff is `seconds` from now. Needs a running event loop."""
        return cls(asyncio.get_running_loop().time() + seconds, margin)

    @property
    def images(self) -> float:
        """When work on images must end; later images become `deadline_exceeded`."""
        return self.cutoff - self.margin

    @property
    def receipt(self) -> float:
        """When the receipt must be stored."""
        return self.cutoff - self.margin * (1 - _RECEIPT_SHARE)

    @property
    def response(self) -> float:
        """When everything but the response must be done."""
        return self.cutoff - self.margin * (1 - _RESPONSE_SHARE)

    def seconds_for_images(self) -> float:
        """Return the seconds until `images`; negative when that time is over."""
        return self.images - asyncio.get_running_loop().time()

    def can_start_file(self) -> bool:
        """Whether a File that starts now has time for its images: more than a second margin."""
        return self.seconds_for_images() > self.margin

    def one_margin_earlier(self) -> "Deadline":
        """Return the deadline of work that something else follows, which needs a margin of its own."""
        return replace(self, cutoff=self.cutoff - self.margin)

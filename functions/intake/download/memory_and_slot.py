"""MemoryAndSlot: the share of one image in the limits of all images."""

from contextlib import nullcontext

from intake.download.fair_limit import FairLimit
from intake.download.memory_budget import MemoryBudget, Waiting


class MemoryAndSlot:
    """The slot of an image among those in flight (MAX_IN_FLIGHT), and the memory for its body.

    The memory is reserved once, before the body is read: reserving piecewise can deadlock. The slot is released
    while the image waits for its origin, so that one slow origin does not delay all others.

    Attributes:
        share: what the image belongs to, see `FairLimit`.
    """

    def __init__(self, budget: MemoryBudget, slots: FairLimit, share: str = "") -> None:
        """Create one that holds nothing yet.

        Args:
            budget: limits the memory of all bodies.
            slots: limit the images in flight.
            share: what the image belongs to.
        """
        self._budget = budget
        self._slots = slots
        self.share = share
        self._bytes = 0
        self._host = ""
        self._has_slot = False

    async def acquire_slot(self) -> None:
        """Wait for a slot."""
        if not self._has_slot:
            await self._slots.acquire(self.share)
            self._has_slot = True

    def release_slot(self) -> None:
        """Release the slot, if one is held."""
        if self._has_slot:
            self._slots.release(self.share)
            self._has_slot = False

    async def reserve(self, size: int, host: str, waiting: Waiting = nullcontext) -> None:
        """Wait for the memory of a body. A body that is larger than the whole budget waits until it is alone.

        Args:
            size: bytes.
            host: the host that sends the body. Each host gets a bounded share.
            waiting: see `MemoryBudget.acquire`.
        """
        size = min(size, self._budget.size)
        await self._budget.acquire(size, host, waiting)
        self._bytes, self._host = size, host

    def shrink(self, size: int) -> None:
        """Keep `size` bytes, and release the rest."""
        if size < self._bytes:
            self._budget.release(self._bytes - size, self._host)
            self._bytes = size

    def release(self) -> None:
        """Release everything."""
        self.shrink(0)
        self.release_slot()

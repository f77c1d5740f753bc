"""Limits the concurrent requests to each origin: at most MAX_PER_ORIGIN, fewer after an overload.

An overload halves the limit, and `limit` responses raise it by one: additive increase, multiplicative decrease, as in
TCP (RFC 5681).
"""

from collections import OrderedDict
from typing import Self

from intake.download.fair_limit import FairLimit
from intake.model.error_codes import ConnectFailed, HttpServerError, Throttled

_MAX_ORIGINS = 1024


class OriginState(FairLimit):
    """The requests to one origin.

    Attributes:
        generation: counts the halvings. A request that started before the last halving does not halve the limit again.
    """

    generation = 0


class OriginSlot:
    """One request to an origin. At the end of its context, its result changes the limit of the origin."""

    def __init__(self, origin: OriginState, share: str, max_limit: int) -> None:
        self._origin = origin
        self._share = share
        self._generation = origin.generation
        self._max_limit = max_limit

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        origin = self._origin
        if error is None:
            origin.limit = min(float(self._max_limit), origin.limit + 1 / origin.limit)
        elif _is_overload(error) and self._generation == origin.generation:
            # Requests that fail together halve the limit once.
            origin.generation += 1
            origin.limit = max(1.0, origin.limit / 2)
        origin.release(self._share)

    def release(self) -> None:
        """Return the slot without a request. The limit does not change."""
        self._origin.release(self._share)


def _is_overload(error: BaseException) -> bool:
    match error:
        case Throttled() | ConnectFailed() | HttpServerError(status=503):
            return True
        case _:
            return False


class OriginLimiter:
    """Allows at most `max_limit` concurrent requests to each origin."""

    def __init__(self, max_limit: int) -> None:
        self._max_limit = max_limit
        self._origins: OrderedDict[str, OriginState] = OrderedDict()

    async def acquire(self, origin: str, share: str = "") -> OriginSlot:
        """Wait for a slot at the origin. The slot is a context manager, and is released when its context ends.

        Args:
            origin: scheme, host and port.
            share: see `FairLimit`.
        """
        state = self._origins.get(origin)
        if state is None:
            state = self._origins[origin] = OriginState(self._max_limit)
        self._origins.move_to_end(origin)
        if len(self._origins) > _MAX_ORIGINS:
            self._drop_oldest_idle()
        await state.acquire(share)
        return OriginSlot(state, share, self._max_limit)

    def limit(self, origin: str) -> int:
        """Return how many concurrent requests to the origin are allowed now."""
        state = self._origins.get(origin)
        return self._max_limit if state is None else int(state.limit)

    def _drop_oldest_idle(self) -> None:
        idle = next((name for name, state in self._origins.items() if not state.active), None)
        if idle is not None:
            del self._origins[idle]

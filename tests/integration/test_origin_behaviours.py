"""The table of behaviours: each origin gets its own right code, over a real socket."""

import pytest

from support.origin import BEHAVIOURS, Origin
from support.origin.client import MakeClient


def _limits(code: str, requests: int) -> dict[str, float]:
    """What ends by a clock ends soon, by the clock that is meant; all else has time on the slowest machine."""
    if code != "timeout":
        return {"read_timeout": 10.0, "image_timeout": 20.0}
    return {"image_timeout": 0.3} if requests == 1 else {"read_timeout": 0.2, "image_timeout": 20.0}


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize("name", BEHAVIOURS)
async def test_behaviour_gets_its_code(
    name: str, origin: Origin, make_client: MakeClient, connected_addresses: list[str]
) -> None:
    """Also: transient failures are tried again and no others, and nothing is ever dialled but the origin."""
    behaviour = BEHAVIOURS[name]
    client = make_client(origin, **_limits(behaviour.code, behaviour.requests))

    result = await client.get(origin.url(name))

    assert behaviour.code == result.code, result.error and result.error.reason
    assert behaviour.requests == len(origin.requests)
    assert {"127.0.0.1"} == set(connected_addresses)

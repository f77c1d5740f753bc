"""The service reports the right error code for every behaviour of an origin (support/origin), over a real socket."""

import pytest

from support.origin import BEHAVIOURS, Origin
from support.origin.client import MakeClient


def _limits(code: str, requests: int) -> dict[str, float]:
    """Let a behaviour that times out reach the expected timeout soon; give all others time on the slowest machine."""
    if code != "timeout":
        return {"read_timeout": 10.0, "image_timeout": 20.0}
    return {"image_timeout": 0.3} if requests == 1 else {"read_timeout": 0.2, "image_timeout": 20.0}


@pytest.mark.usefixtures("no_backoff")
@pytest.mark.parametrize("name", BEHAVIOURS)
async def test_behaviour_has_its_code_and_number_of_requests(
    name: str, origin: Origin, make_client: MakeClient, connected_addresses: list[str]
) -> None:
    """The client retries transient failures only, and connects to no other address."""
    behaviour = BEHAVIOURS[name]
    client = make_client(origin, **_limits(behaviour.code, behaviour.requests))

    result = await client.get(origin.url(name))

    assert behaviour.code == result.code, result.error and result.error.reason
    assert behaviour.requests == len(origin.requests)
    assert {"127.0.0.1"} == set(connected_addresses)

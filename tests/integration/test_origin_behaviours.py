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


@pytest.mark.parametrize(
    ("name", "connections"),
    [
        *[(name, 1) for name in ("two_equal_lengths", "chunked_and_identity", "chunked_twice", "nine_hundred_headers")],
        *[(name, 1) for name in ("status_206_of_the_whole_chunked", "encoding_aws_chunked")],
        *[(name, 2) for name in ("chunked_and_length", "identity_and_length", "chunks_with_no_trailer")],
        *[(name, 2) for name in ("header_in_html", "header_that_is_nearly_chunked", "first_header_folded")],
    ],
)
async def test_connection_is_reused_only_when_no_other_recipient_finds_another_end_of_the_body(
    name: str, connections: int, origin: Origin, make_client: MakeClient
) -> None:
    client = make_client(origin)

    for _ in range(2):
        assert (await client.get(origin.url(name))).code == "stored"

    assert connections == origin.connections

"""How many descriptors the client uses, and which errors mean that none is left."""

import errno
import os
import resource
import socket

import pytest

from intake.http_client.descriptors import (
    OutOfDescriptors,
    has_descriptor,
    max_lookups,
    max_sockets,
    require_descriptor,
)

LAMBDA = 1024
MAX_IN_FLIGHT = 256
"""The largest value of the setting."""


@pytest.mark.parametrize(
    ("limit", "lookups", "sockets"),
    [(16, 8, 4), (64, 32, 16), (256, 128, 64), (LAMBDA, 512, 448), (65536, 512, 64960), (-1, 512, 2**20 - 576)],
)
def test_lookups_and_sockets_leave_descriptors_for_the_rest(
    limit: int, lookups: int, sockets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """-1 is no limit."""
    monkeypatch.setattr("intake.http_client.descriptors.getrlimit", lambda _: (limit, limit))

    assert (max_lookups(), max_sockets()) == (lookups, sockets)


def test_every_image_in_flight_on_lambda_has_a_socket_and_two_lookups(monkeypatch: pytest.MonkeyPatch) -> None:
    from intake.app import _ORIGIN_SHARE  # noqa: PLC0415 - it has effects that belong to this test alone

    monkeypatch.setattr("intake.http_client.descriptors.getrlimit", lambda _: (LAMBDA, LAMBDA))

    assert max_sockets() * _ORIGIN_SHARE >= MAX_IN_FLIGHT
    assert max_lookups() >= 2 * MAX_IN_FLIGHT


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM])
def test_lack_of_a_descriptor_is_no_fault_of_a_peer(number: int) -> None:
    with pytest.raises(OutOfDescriptors, match=os.strerror(number)):
        require_descriptor(OSError(number, os.strerror(number)))


@pytest.mark.parametrize(
    "error",
    [
        ConnectionRefusedError(errno.ECONNREFUSED, ""),
        OSError(errno.ENETUNREACH, ""),
        OSError("several addresses"),
        socket.gaierror(errno.EMFILE, "a number of getaddrinfo"),
        TimeoutError(),
    ],
)
def test_other_errors_are_not_the_lack_of_a_descriptor(error: OSError) -> None:
    require_descriptor(error)


def test_process_has_a_descriptor_until_its_limit_is_reached() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert has_descriptor()
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, hard))
    try:
        assert not has_descriptor()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

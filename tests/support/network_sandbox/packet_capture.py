"""Sees every packet of the island, and keeps what begins something: each SYN, each datagram."""

import socket
import struct
import threading
import time
from dataclasses import dataclass

_ALL = 0x0003
_IPV4, _IPV6 = 0x0800, 0x86DD
_TCP, _UDP = 6, 17
_SYN, _SYN_OR_ACK = 0x02, 0x12
_ROOM = 64 * 1024 * 1024
_RECEIVE_BUFFER_FORCE = 33
_OF_PACKETS, _STATISTICS = 263, 6
_OUTGOING = 4
_MARK = ("127.0.0.1", 9)
_PATIENCE = 10.0
_DNS = 53


@dataclass(frozen=True, slots=True)
class Dialled:
    """One packet that was the first one of something, as it stood on the wire.

    Attributes:
        kind: "tcp" or "udp".
        address: where it went.
        port: of that address.
    """

    kind: str
    address: str
    port: int


class Wire:
    """Listens below all sockets, from `__enter__` on."""

    def __init__(self) -> None:
        self._seen: set[Dialled] = set()
        self._tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL))
        self._tap.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, _ROOM)
        self._tap.bind(("lo", _ALL))
        threading.Thread(target=self._listen, daemon=True).start()

    def dialled(self) -> set[Dialled]:
        """What was dialled until now: the last packet is one of our own, so that none is on its way still."""
        mark, end = Dialled("tcp", *_MARK), time.monotonic() + _PATIENCE
        with socket.socket() as sock:
            sock.connect_ex(_MARK)
        while mark not in self._seen:
            if time.monotonic() > end:
                raise TimeoutError("the wire is silent")
            time.sleep(0.01)
        return self._seen - {mark}

    @property
    def lost(self) -> int:
        """Packets that were not seen for want of room; the kernel counts them (packet(7))."""
        statistics = self._tap.getsockopt(_OF_PACKETS, _STATISTICS, 8)
        return int(struct.unpack("II", statistics)[1])

    def _listen(self) -> None:
        while True:
            packet, (_, protocol, direction, *_) = self._tap.recvfrom(128)
            if direction == _OUTGOING and (found := _read(packet, protocol)):
                self._seen.add(found)


def _read(packet: bytes, protocol: int) -> Dialled | None:
    if protocol == _IPV4:
        kind, address, payload = (
            packet[9],
            socket.inet_ntop(socket.AF_INET, packet[16:20]),
            packet[4 * (packet[0] & 15) :],
        )
    elif protocol == _IPV6:
        kind, address, payload = packet[6], socket.inet_ntop(socket.AF_INET6, packet[24:40]), packet[40:]
    else:
        return None
    source, port = struct.unpack_from("!HH", payload)
    if kind == _TCP and payload[13] & _SYN_OR_ACK == _SYN:
        return Dialled("tcp", address, port)
    if kind == _UDP and source != _DNS:
        return Dialled("udp", address, port)
    return None

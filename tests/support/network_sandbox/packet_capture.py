"""Captures every packet in the sandbox, and records the first packet of each connection: each SYN, each datagram."""

import socket
import struct
import threading
import time
from dataclasses import dataclass

_ALL = 0x0003
_IPV4, _IPV6 = 0x0800, 0x86DD
_TCP, _UDP = 6, 17
_SYN, _SYN_OR_ACK = 0x02, 0x12
_BUFFER_BYTES = 64 * 1024 * 1024
_RECEIVE_BUFFER_FORCE = 33
_SOL_PACKET, _PACKET_STATISTICS = 263, 6
_OUTGOING = 4
_MARKER = ("127.0.0.1", 9)
_TIMEOUT = 10.0
_DNS = 53


@dataclass(frozen=True, slots=True)
class Connection:
    """The destination of a SYN or a datagram.

    Attributes:
        kind: "tcp" or "udp".
        address: the destination address.
        port: the destination port.
    """

    kind: str
    address: str
    port: int


class PacketCapture:
    """Captures packets from its creation on, with a packet socket (packet(7))."""

    def __init__(self) -> None:
        self._connections: set[Connection] = set()
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ALL))
        self._socket.setsockopt(socket.SOL_SOCKET, _RECEIVE_BUFFER_FORCE, _BUFFER_BYTES)
        self._socket.bind(("lo", _ALL))
        threading.Thread(target=self._capture, daemon=True).start()

    def connections(self) -> set[Connection]:
        """Return all connections so far.

        It sends a marker and waits until the marker is captured: then all earlier packets are captured too.
        """
        marker, end = Connection("tcp", *_MARKER), time.monotonic() + _TIMEOUT
        with socket.socket() as sock:
            sock.connect_ex(_MARKER)
        while marker not in self._connections:
            if time.monotonic() > end:
                raise TimeoutError("the marker packet was not captured")
            time.sleep(0.01)
        return self._connections - {marker}

    @property
    def lost(self) -> int:
        """The number of packets that the kernel dropped because the buffer was full."""
        statistics = self._socket.getsockopt(_SOL_PACKET, _PACKET_STATISTICS, 8)
        return int(struct.unpack("II", statistics)[1])

    def _capture(self) -> None:
        while True:
            packet, (_, protocol, direction, *_) = self._socket.recvfrom(128)
            if direction == _OUTGOING and (found := _parse(packet, protocol)):
                self._connections.add(found)


def _parse(packet: bytes, protocol: int) -> Connection | None:
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
        return Connection("tcp", address, port)
    if kind == _UDP and source != _DNS:
        return Connection("udp", address, port)
    return None

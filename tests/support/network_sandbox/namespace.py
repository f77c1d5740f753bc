"""Sets up the sandbox in an empty network namespace: every address is local, and DNS queries go to our own server."""

import errno
import fcntl
import os
import socket
import struct
import subprocess
from pathlib import Path

NAME_SERVER = "127.0.0.1"
"""The only internal address that the service may send packets to, and only to port 53."""

_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 1
_NEW_ROUTE, _REQUEST, _ACK, _CREATE = 24, 0x1, 0x4, 0x400
_TABLE_LOCAL, _STATIC, _SCOPE_HOST, _LOCAL = 255, 4, 254, 2
_OUTPUT_DEVICE = 4


def set_up(work: Path) -> None:
    """Set up the sandbox in the namespace of this process. The machine's own network is not changed.

    Raises:
        OSError, CalledProcessError: this machine does not permit it.
    """
    if [name for _, name in socket.if_nameindex()] != ["lo"]:
        raise OSError(errno.EPERM, "expected a network namespace with nothing but lo; nothing was changed")
    _enable_ipv6()
    _bring_up_loopback()
    for family in (socket.AF_INET, socket.AF_INET6):
        _make_every_address_local(family)
    resolver = work / "resolv.conf"
    resolver.write_text(f"nameserver {NAME_SERVER}\noptions timeout:5 attempts:1\n")
    subprocess.run(["mount", "--bind", resolver, os.path.realpath("/etc/resolv.conf")], check=True)


def _enable_ipv6() -> None:
    for path in Path("/proc/sys/net/ipv6/conf").glob("*/disable_ipv6"):
        if path.read_text().strip() != "0":
            path.write_text("0")


def _bring_up_loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sH14x", b"lo", 0)
        name, flags = struct.unpack("16sH14x", fcntl.ioctl(sock, _GET_FLAGS, request))
        fcntl.ioctl(sock, _SET_FLAGS, struct.pack("16sH14x", name, flags | _UP))


def _make_every_address_local(family: int) -> None:
    """Do what `ip route add local default dev lo` does, by rtnetlink(7): not every machine has the `ip` program."""
    route = struct.pack("BBBBBBBBI", family, 0, 0, 0, _TABLE_LOCAL, _STATIC, _SCOPE_HOST, _LOCAL, 0)
    device = struct.pack("HHi", 8, _OUTPUT_DEVICE, socket.if_nametoindex("lo"))
    size = 16 + len(route) + len(device)
    head = struct.pack("IHHII", size, _NEW_ROUTE, _REQUEST | _ACK | _CREATE, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as sock:
        sock.sendto(head + route + device, (0, 0))
        code = -struct.unpack_from("i", sock.recv(4096), 16)[0]
    if code:
        raise OSError(code, f"no local route: {os.strerror(code)}")

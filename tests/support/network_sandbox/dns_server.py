"""A DNS server that gives the answers of a table: mixed and changing addresses, thousands of them, or aliases."""

import socketserver
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from ipaddress import ip_address

A, AAAA, CNAME = 1, 28, 5
_NAME_ERROR = 3
_DATAGRAM = 512
_PORT = 53
_TRUNCATED = 0x0200
_QUESTION_NAME = b"\xc0\x0c"
"""A pointer to the name in the question (RFC 1035, 4.1.4)."""

type Answers = list[str] | Callable[[int], list[str]]


class DnsTable:
    """The answers of the server: addresses of either family, and "=other.example" for an alias.

    Attributes:
        table: answers by name; a function gets the number of the lookup, from 1.
    """

    def __init__(self, table: dict[str, Answers]) -> None:
        self.table = table
        self._lookups: Counter[tuple[str, int]] = Counter()

    def answer(self, question: bytes, max_bytes: int) -> bytes:
        """Answer one question; a longer answer than `max_bytes` is marked as truncated."""
        name, kind, end = _parse(question)
        found = self._look_up(name, kind)
        code = _NAME_ERROR if found is None else 0
        records = found or []
        flags, body = 0x8180 | code, b"".join(records)
        if 12 + end + len(body) > max_bytes:
            flags, records, body = flags | _TRUNCATED, [], b""
        head = question[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0)
        return head + question[12 : 12 + end] + body

    def _look_up(self, name: str, kind: int) -> list[bytes] | None:
        answers = self.table.get(name)
        if answers is None:
            return None
        self._lookups[name, kind] += 1
        texts = answers(self._lookups[name, kind]) if callable(answers) else answers
        return [record for text in texts for record in self._records(_QUESTION_NAME, text, kind)]

    def _records(self, owner: bytes, text: str, kind: int) -> Iterable[bytes]:
        if text.startswith("="):
            alias = _labels(text[1:])
            yield _record(owner, CNAME, alias)
            addresses = self.table.get(text[1:], [])
            for address in addresses if isinstance(addresses, list) else ():
                yield from self._records(alias, address, kind) if not address.startswith("=") else ()
        elif kind == (AAAA if ":" in text else A):
            yield _record(owner, kind, ip_address(text).packed)


def _parse(question: bytes) -> tuple[str, int, int]:
    labels, place = [], 12
    while size := question[place]:
        labels.append(question[place + 1 : place + 1 + size].decode("latin-1").lower())
        place += 1 + size
    return ".".join(labels), struct.unpack_from("!H", question, place + 1)[0], place + 5 - 12


def _labels(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _record(owner: bytes, kind: int, data: bytes) -> bytes:
    return owner + struct.pack("!HHIH", kind, 1, 0, len(data)) + data


def serve(names: DnsTable, address: str) -> None:
    """Start the server on UDP and TCP; it runs until the process ends."""

    class Datagram(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            question, sock = self.request
            sock.sendto(names.answer(question, _DATAGRAM), self.client_address)

    class Stream(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while size := self.rfile.read(2):
                answer = names.answer(self.rfile.read(struct.unpack("!H", size)[0]), 0xFFFF)
                self.wfile.write(struct.pack("!H", len(answer)) + answer)

    socketserver.ThreadingTCPServer.allow_reuse_address = True
    socketserver.UDPServer.max_packet_size = _DATAGRAM
    for server in (
        socketserver.UDPServer((address, _PORT), Datagram),
        socketserver.ThreadingTCPServer((address, _PORT), Stream),
    ):
        threading.Thread(target=server.serve_forever, daemon=True).start()

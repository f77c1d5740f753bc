"""A name server that answers as it is told: mixed, changing, endless, or with somebody else's name."""

import socketserver
import struct
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from ipaddress import ip_address

A, AAAA, CNAME = 1, 28, 5
_NOT_THERE = 3
_DATAGRAM = 512
_PORT = 53
_TRUNCATED = 0x0200
_ASKED = b"\xc0\x0c"
"""Stands for the name in the question (RFC 1035, 4.1.4)."""

type Answers = list[str] | Callable[[int], list[str]]


class Names:
    """What each name answers: addresses of either family, and "=other.example" for an alias.

    Attributes:
        table: by name; a function is told how often the name was looked up, from 1.
    """

    def __init__(self, table: dict[str, Answers]) -> None:
        self.table = table
        self._asked: Counter[tuple[str, int]] = Counter()

    def answer(self, question: bytes, most: int) -> bytes:
        """Answer one question, in at most so many bytes."""
        name, kind, end = _read(question)
        found = self._look_up(name, kind)
        code = _NOT_THERE if found is None else 0
        records = found or []
        flags, body = 0x8180 | code, b"".join(records)
        if 12 + end + len(body) > most:
            flags, records, body = flags | _TRUNCATED, [], b""
        head = question[:2] + struct.pack("!HHHHH", flags, 1, len(records), 0, 0)
        return head + question[12 : 12 + end] + body

    def _look_up(self, name: str, kind: int) -> list[bytes] | None:
        answers = self.table.get(name)
        if answers is None:
            return None
        self._asked[name, kind] += 1
        texts = answers(self._asked[name, kind]) if callable(answers) else answers
        return [record for text in texts for record in self._records(_ASKED, text, kind)]

    def _records(self, owner: bytes, text: str, kind: int) -> Iterable[bytes]:
        if text.startswith("="):
            alias = _labels(text[1:])
            yield _record(owner, CNAME, alias)
            further = self.table.get(text[1:], [])
            for address in further if isinstance(further, list) else ():
                yield from self._records(alias, address, kind) if not address.startswith("=") else ()
        elif kind == (AAAA if ":" in text else A):
            yield _record(owner, kind, ip_address(text).packed)


def _read(question: bytes) -> tuple[str, int, int]:
    labels, place = [], 12
    while size := question[place]:
        labels.append(question[place + 1 : place + 1 + size].decode("latin-1").lower())
        place += 1 + size
    return ".".join(labels), struct.unpack_from("!H", question, place + 1)[0], place + 5 - 12


def _labels(name: str) -> bytes:
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def _record(owner: bytes, kind: int, data: bytes) -> bytes:
    return owner + struct.pack("!HHIH", kind, 1, 0, len(data)) + data


def serve(names: Names, address: str) -> None:
    """Answer over UDP and TCP from now on, until the process ends."""

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

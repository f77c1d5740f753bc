"""A DNS of our own."""

import socket
from collections.abc import Callable
from typing import Any

type Answers = list[str] | Callable[[], list[str]]


class Names:
    """What a name answers, or how; what is not in here does not exist.

    Attributes:
        asked: the names that were looked up, in order.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Answers] = {}
        self.asked: list[str] = []

    def __setitem__(self, name: str, answers: Answers) -> None:
        self.answers[name] = answers

    def getaddrinfo(self, host: bytes | str, port: int, *_: Any) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        self.asked.append(name)
        answers = self.answers.get(name)
        if answers is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        addresses = answers() if callable(answers) else answers
        return [_info(address, port) for address in addresses]


def _info(address: str, port: int) -> tuple[Any, ...]:
    if ":" in address:
        return (socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port, 0, 0))
    return (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port))

"""HostCredentials: the headers of all hosts of SOURCE_HOSTS, read from the secret when they are needed."""

import asyncio
import time
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from intake.model.error_codes import CredentialsUnavailable
from intake.sources.host_headers import HostHeaders
from intake.sources.host_secret import Credentials, parse_secret

SECONDS_BETWEEN_READS = 5.0
"""How long a result is used without asking the reader again, and the least time between two forced reads for a host."""

_TIME_LIMIT = 10.0
"""Seconds for one read. At a cold start, the thread imports boto3 first."""


class SecretUnreadable(Exception):
    """The secret could not be read. The message says why, and contains nothing of the secret."""


class Reader(Protocol):
    """Reads the secret, and keeps its value for some minutes."""

    def read(self, *, is_forced: bool) -> str | bytes:
        """Return the value of the secret, read now if `is_forced`.

        Raises:
            SecretUnreadable: there is no value.
        """
        ...


class HostCredentials:
    """The headers of all hosts. Images share each read of the secret, which a thread does."""

    def __init__(
        self, hosts: Collection[str], make_reader: Callable[[], Reader], now: Callable[[], float] = time.time
    ) -> None:
        """Read nothing yet.

        Args:
            hosts: the setting SOURCE_HOSTS.
            make_reader: makes the reader, in the thread. It may raise `SecretUnreadable`.
            now: the wall clock, in Unix seconds. It also runs while Lambda freezes the environment.
        """
        self._hosts = hosts
        self._make_reader = make_reader
        self._reader: Reader | None = None
        self._now = now
        self._credentials: Credentials = {}
        self._read_at = float("-inf")
        self._forced_at = dict.fromkeys(hosts, float("-inf"))
        self._lock = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "secret-reader")

    async def find(self, host: str) -> HostHeaders:
        """Return the headers of a host.

        Raises:
            CredentialsUnavailable: the secret cannot be read, or has no valid entry for the host.
        """
        if not self._is_recent(self._read_at):
            async with self._lock:
                if not self._is_recent(self._read_at):
                    found = await self._read_again()
                    self._credentials = dict.fromkeys(self._hosts, found) if isinstance(found, str) else found
                    self._read_at = self._now()
        entry = self._credentials[host]
        if isinstance(entry, str):
            raise CredentialsUnavailable(reason=entry)
        return entry

    async def find_newer(self, host: str, refused: HostHeaders) -> HostHeaders | None:
        """Return other headers than those that the host refused, or None if there are none.

        The secret is read anew, unless that was just done for this host, perhaps for another image. If that fails,
        nothing changes: the other hosts may accept their headers.
        """
        async with self._lock:
            if self._credentials[host] == refused and not self._is_recent(self._forced_at[host]):
                self._forced_at[host] = self._now()
                found = await self._read(is_forced=True)
                if not isinstance(found, str):
                    self._credentials, self._read_at = found, self._now()
        entry = self._credentials[host]
        return entry if isinstance(entry, HostHeaders) and entry != refused else None

    async def _read_again(self) -> Credentials | str:
        """Read the secret: now, if an entry has a fault, because its operator corrects it.

        If that fails, the hosts without a fault keep the headers that the reader still has.
        """
        have_faults = {isinstance(entry, str) for entry in self._credentials.values()}
        found = await self._read(is_forced=True in have_faults)
        if isinstance(found, str) and len(have_faults) > 1:
            found = await self._read(is_forced=False)
        return found

    def _is_recent(self, moment: float) -> bool:
        return 0 <= self._now() - moment < SECONDS_BETWEEN_READS

    async def _read(self, *, is_forced: bool) -> Credentials | str:
        """Read the secret; return why, if that fails."""
        try:
            async with asyncio.timeout(_TIME_LIMIT):
                loop = asyncio.get_running_loop()
                value = await loop.run_in_executor(self._thread, self._read_in_thread, is_forced)
        except TimeoutError:
            return f"the secret cannot be read: it took longer than {_TIME_LIMIT:g} seconds"
        except SecretUnreadable as error:
            return f"the secret cannot be read: {error}"
        return parse_secret(value, self._hosts)

    def _read_in_thread(self, is_forced: bool) -> str | bytes:  # noqa: FBT001 - an executor passes no names
        if self._reader is None:
            self._reader = self._make_reader()
        return self._reader.read(is_forced=is_forced)

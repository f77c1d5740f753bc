"""A store in memory, in which other runs write between our reads and writes."""

from collections import Counter
from dataclasses import dataclass, field

from intake.ingest.ports import StoredDocument
from intake.model.error_codes import StoreFailed
from support.fake_ports import FakeStore


@dataclass
class RacingStore(FakeStore):
    """A store in which other runs write between our reads and writes.

    Attributes:
        calls: calls for documents, by method.
        written_by_others: documents that appear under the key before our next writes, one for each.
        loses_responses: whether a successful conditional write is reported as a failed one.
        failing_reads: how many of the next reads fail.
        refuses_writes: whether every conditional write fails, although the document stays as it is.
    """

    calls: Counter[str] = field(default_factory=Counter)
    written_by_others: list[bytes] = field(default_factory=list)
    loses_responses: bool = False
    failing_reads: int = 0
    refuses_writes: bool = False

    async def get_document(self, key: str, *, retry: bool = True) -> StoredDocument | None:
        self.calls["get"] += 1
        if self.failing_reads:
            self.failing_reads -= 1
            raise StoreFailed
        return await super().get_document(key, retry=retry)

    async def put_document(self, key: str, document: bytes, *, retry: bool = True) -> None:
        self.calls["put"] += 1
        await super().put_document(key, document, retry=retry)

    async def replace_document(self, key: str, document: bytes, version: str | None, *, retry: bool = True) -> bool:
        self.calls["replace"] += 1
        if self.written_by_others:
            self.objects[key] = self.written_by_others.pop(0)
        if self.refuses_writes:
            return False
        done = await super().replace_document(key, document, version, retry=retry)
        return done and not self.loses_responses

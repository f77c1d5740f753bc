"""`S3Inbox` on a real S3 server: it reads an object in pieces, all of the same version."""

import hashlib
from collections.abc import AsyncGenerator

import pytest

from intake import app
from intake.model.errors import StoreFailed
from intake.s3 import inbox as inbox_module
from intake.s3.inbox import S3Inbox
from support import s3_server


@pytest.fixture
async def inbox(s3: s3_server.S3Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[S3Inbox]:
    for name, value in s3.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(inbox_module, "_PIECE_BYTES", 1000)
    opened = S3Inbox(app.s3_client(bucket))
    yield opened
    await opened.aclose()


@pytest.mark.parametrize("size", [1, 999, 1000, 1001, 4500])
async def test_inbox_reads_a_manifest_in_pieces(inbox: S3Inbox, size: int) -> None:
    body = hashlib.shake_128(str(size).encode()).digest(size)
    await inbox.put("inbox/a b+é.json", body)
    pieces = [piece async for piece in inbox.read("inbox/a b+é.json")]
    assert b"".join(piece.body for piece in pieces) == body
    assert max(len(piece.body) for piece in pieces) <= 1000


async def test_inbox_reads_no_pieces_when_the_manifest_is_empty_or_missing(inbox: S3Inbox) -> None:
    await inbox.put("inbox/empty.json", b"")
    assert [piece async for piece in inbox.read("inbox/empty.json")] == []
    assert [piece async for piece in inbox.read("inbox/none.json")] == []
    assert await inbox.version("inbox/empty.json")
    assert await inbox.version("inbox/none.json") is None


async def test_inbox_fails_when_the_manifest_is_replaced_while_it_is_read(inbox: S3Inbox) -> None:
    await inbox.put("inbox/a.json", b"1" * 2500)
    pieces = inbox.read("inbox/a.json")
    assert (await anext(pieces)).body == b"1" * 1000
    await inbox.put("inbox/a.json", b"2" * 2500)
    with pytest.raises(StoreFailed) as failed:
        await anext(pieces)
    assert failed.value.reason == "inbox/a.json was replaced while it was read"

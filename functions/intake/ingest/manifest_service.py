"""A manifest through the S3 door: its Files taken in, and a problem document for what in it is no File."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from intake.ingest.batch import ingest_all
from intake.ingest.ports import Inbox, Store
from intake.ingest.service import IngestService
from intake.model.errors import StoreFailed
from intake.model.file import Fault, File, InvalidFile
from intake.model.limits import Limits
from intake.model.manifest import MAX_DOCUMENT_BYTES, MAX_FILES, read_file, split_lines
from intake.model.object_keys import manifest_name, receipt_key
from intake.model.problem import ManifestEntry, Problem
from intake.model.receipt import Receipt

TOO_MANY_FILES = f"The manifest has more than {MAX_FILES} Files. Put it under bulk/, where there may be millions."
_MAX_FAULTS = 100
"""In one problem document; a manifest with more is not one that is mended line by line."""

_LAST_SHARE = 0.15
"""The part of the deadline's margin that is left for the answer, whatever S3 does."""


@dataclass(slots=True)
class ManifestResult:
    """What became of a manifest.

    Attributes:
        files: how many ended how, by the status of their receipts.
        refused: documents that are no File.
        pending: Files that may get further when the manifest is taken again.
    """

    files: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    pending: int = 0

    def add(self, receipt: Receipt | None) -> None:
        """Count a File; None is one that there was no time to begin."""
        if receipt is not None:
            self.files[receipt.status.value] += 1
        if receipt is None or not receipt.is_final or receipt.receipt_key is None:
            self.pending += 1


class ManifestService:
    """Takes manifests in."""

    def __init__(self, inbox: Inbox, store: Store, intake: IngestService, limits: Limits) -> None:
        """Read from the inbox, and keep problem documents where receipts are kept."""
        self._inbox = inbox
        self._store = store
        self._intake = intake
        self._limits = limits

    async def ingest(self, key: str, *, submitted_at: datetime, seconds: float) -> ManifestResult:
        """Take in every File of a manifest, as far as the time allows.

        Args:
            key: of the object in the inbox.
            submitted_at: when it was put there; what receipts since then have settled is not done again.
            seconds: until the platform cuts us off.

        Raises:
            StoreFailed, StoreDenied: the manifest cannot be read, or its problem document not stored.
        """
        end = asyncio.get_running_loop().time() + seconds
        try:
            # Receipts have their own limit, which comes before this one; nothing else may outlast the platform.
            async with asyncio.timeout_at(end - self._limits.deadline_margin * _LAST_SHARE):
                return await self._ingest(key, submitted_at, end)
        except TimeoutError as error:
            raise StoreFailed(reason=f"{key} could not be read, or its problem not stored, in time") from error

    async def _ingest(self, key: str, submitted_at: datetime, end: float) -> ManifestResult:
        tally = ManifestResult()
        now = asyncio.get_running_loop().time
        manifest = _Manifest(self._inbox, key)
        async with asyncio.timeout_at(end - self._limits.deadline_margin):
            number, tally.refused, faults = await self._survey(manifest)
        if number > MAX_FILES:
            detail = f"The manifest has more than {MAX_FILES} Files. Put it under bulk/, where there may be millions."
            await self._refuse(manifest, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail, [])
            return tally
        if number == 0:
            manifest.version = await self._inbox.version(key)
            if manifest.version is None:
                return tally
        if faults or number == 0:
            detail = "The manifest has documents that are not valid Files." if number else "The manifest is empty."
            await self._refuse(manifest, HTTPStatus.UNPROCESSABLE_ENTITY, detail, faults)
        if tally.refused < number:
            files = self._files(manifest)
            taken = ingest_all(self._intake, files, limits=self._limits, seconds=end - now(), submitted_at=submitted_at)
            async for _, receipt in taken:
                tally.add(receipt)
        return tally

    async def _survey(self, manifest: "_Manifest") -> tuple[int, int, list[Fault]]:
        """Count the documents and those that are no File, and find every fault, before the first File is begun."""
        number, refused, faults = 0, 0, []
        async for place, text in manifest.documents():
            number += 1
            if number > MAX_FILES:
                break
            try:
                read_file(text, self._limits.max_base_images)
            except InvalidFile as error:
                refused += 1
                faults += [Fault(": ".join(filter(None, (place, found.path))), found.message) for found in error.faults]
        return number, refused, faults

    async def _files(self, manifest: "_Manifest") -> AsyncGenerator[tuple[str, File]]:
        async for place, text in manifest.documents():
            try:
                yield place, read_file(text, self._limits.max_base_images)
            except InvalidFile:
                continue  # the survey has told

    async def _refuse(self, manifest: "_Manifest", status: HTTPStatus, detail: str, faults: list[Fault]) -> None:
        about = ManifestEntry(key=manifest.key, etag=manifest.version or "")
        problem = Problem.of(status, detail, faults[:_MAX_FAULTS], about)
        await self._store.put_document(receipt_key(manifest.name), problem.to_json())


class _Manifest:
    """One manifest, which stays the same however often it is read.

    Attributes:
        key: of the object.
        name: of the manifest.
        version: of the first reading; None before there was one.
    """

    def __init__(self, inbox: Inbox, key: str) -> None:
        named = manifest_name(key)
        self._inbox = inbox
        self.key = key
        self.name, self._has_lines = (key, False) if named is None else named
        self.version: str | None = None

    async def documents(self) -> AsyncGenerator[tuple[str, bytes]]:
        """Yield every document with its place: "line 3", or nothing where there is only one.

        Raises:
            StoreFailed, StoreDenied: it cannot be read, or is another one by now.
        """
        if self._has_lines:
            async for number, text in split_lines(self._pieces()):
                yield f"line {number}", text
            return
        whole = b""
        async for piece in self._pieces():
            whole = (whole + piece)[: MAX_DOCUMENT_BYTES + 1]
            if len(whole) > MAX_DOCUMENT_BYTES:
                break  # it is refused, whatever follows
        if whole.strip():
            yield "", whole

    async def _pieces(self) -> AsyncGenerator[bytes]:
        async for piece in self._inbox.read(self.key, self.version):
            self.version = piece.version
            yield piece.body

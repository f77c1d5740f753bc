"""Ingests the Files of a manifest, and stores a problem document for everything in it that is no File."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from intake.ingest.batch import ingest_all
from intake.ingest.deadline import Deadline
from intake.ingest.ports import Inbox, Store
from intake.ingest.service import IngestService
from intake.model.errors import StoreFailed
from intake.model.file import Fault, File, InvalidFile
from intake.model.limits import Limits
from intake.model.manifest import MAX_DOCUMENT_BYTES, MAX_FILES, read_file, split_lines
from intake.model.object_keys import manifest_name, problem_key
from intake.model.problem import ManifestEntry, Problem
from intake.model.receipt import Receipt

TOO_MANY_FILES = f"The manifest has more than {MAX_FILES} Files. Put it under bulk/, where millions are accepted."
_MAX_FAULTS = 100
"""In one problem document. Nobody corrects more than that line by line."""


@dataclass(slots=True)
class ManifestResult:
    """How the ingest of a manifest ended.

    Attributes:
        files: Files by the status of their receipts.
        refused: documents that are no File.
        pending: Files that may get further when the manifest is ingested again.
    """

    files: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    pending: int = 0

    def add(self, receipt: Receipt | None) -> None:
        """Count a File; None stands for one that had no time left to start."""
        if receipt is not None:
            self.files[receipt.status.value] += 1
        if receipt is None or not receipt.is_final or receipt.receipt_key is None:
            self.pending += 1


@dataclass(slots=True)
class _Survey:
    """What a manifest contains.

    Attributes:
        documents: how many there are; counting stops above `MAX_FILES`.
        refused: how many of them are no File.
        faults: everything that is wrong with those.
    """

    documents: int = 0
    refused: int = 0
    faults: list[Fault] = field(default_factory=list)


class ManifestService:
    """Ingests manifests."""

    def __init__(self, inbox: Inbox, store: Store, service: IngestService, limits: Limits) -> None:
        """Create the service.

        Args:
            inbox: holds the manifests.
            store: stores problem documents.
            service: ingests one File.
            limits: the limits of a File.
        """
        self._inbox = inbox
        self._store = store
        self._service = service
        self._limits = limits

    async def ingest(self, key: str, *, submitted_at: datetime, deadline: Deadline) -> ManifestResult:
        """Ingest every File of a manifest as far as the time allows.

        Args:
            key: of the object in the inbox.
            submitted_at: when it was put there. Final outcomes in receipts since then are reused.
            deadline: of the invocation.

        Raises:
            StoreFailed, StoreDenied: the manifest cannot be read, or its problem document cannot be stored.
        """
        try:
            async with asyncio.timeout_at(deadline.response):
                return await self._ingest(_Manifest(self._inbox, key), submitted_at, deadline)
        except TimeoutError as error:
            reason = f"{key} could not be read, or its problem document not stored, in time"
            raise StoreFailed(reason=reason) from error

    async def _ingest(self, manifest: "_Manifest", submitted_at: datetime, deadline: Deadline) -> ManifestResult:
        async with asyncio.timeout_at(deadline.images):
            survey = await self._survey(manifest)
        result = ManifestResult(refused=survey.refused)
        if survey.documents > MAX_FILES:
            await self._store_problem(manifest, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_MANY_FILES, [])
            return result
        if survey.documents == 0 and not await manifest.exists():
            return result
        if survey.faults or survey.documents == 0:
            detail = (
                "Some documents of the manifest are not valid Files." if survey.faults else "The manifest is empty."
            )
            await self._store_problem(manifest, HTTPStatus.UNPROCESSABLE_ENTITY, detail, survey.faults)
        if survey.refused < survey.documents:
            receipts = ingest_all(
                self._service,
                self._files(manifest),
                max_concurrent=self._limits.max_in_flight,
                deadline=deadline,
                submitted_at=submitted_at,
            )
            async for _, receipt in receipts:
                result.add(receipt)
        return result

    async def _survey(self, manifest: "_Manifest") -> _Survey:
        """Find every fault of a manifest before the first File starts."""
        survey = _Survey()
        async for place, text in manifest.documents():
            survey.documents += 1
            if survey.documents > MAX_FILES:
                break
            try:
                read_file(text, self._limits.max_base_images)
            except InvalidFile as error:
                survey.refused += 1
                for fault in error.faults:
                    path = ": ".join(filter(None, (place, fault.path)))
                    survey.faults.append(Fault(path, fault.message))
        return survey

    async def _files(self, manifest: "_Manifest") -> AsyncGenerator[tuple[str, File]]:
        async for place, text in manifest.documents():
            try:
                yield place, read_file(text, self._limits.max_base_images)
            except InvalidFile:
                continue  # the survey has reported it

    async def _store_problem(self, manifest: "_Manifest", status: HTTPStatus, detail: str, faults: list[Fault]) -> None:
        entry = ManifestEntry(key=manifest.key, etag=manifest.version or "")
        problem = Problem.of(status, detail, faults[:_MAX_FAULTS], entry)
        await self._store.put_document(problem_key(manifest.name), problem.to_json())


class _Manifest:
    """One version of a manifest, which can be read several times.

    Attributes:
        key: of the object.
        name: of the manifest.
        version: of the first reading; None before it.
    """

    def __init__(self, inbox: Inbox, key: str) -> None:
        name = manifest_name(key)
        self._inbox = inbox
        self.key = key
        self.name, self._has_lines = (key, False) if name is None else name
        self.version: str | None = None

    async def exists(self) -> bool:
        """Whether there is an object, which may be empty."""
        self.version = await self._inbox.version(self.key)
        return self.version is not None

    async def documents(self) -> AsyncGenerator[tuple[str, bytes]]:
        """Yield every document with its place: "line 3", or "" for the only one.

        Raises:
            StoreFailed, StoreDenied: it cannot be read, or was replaced since the first reading.
        """
        if self._has_lines:
            async for number, text in split_lines(self._pieces()):
                yield f"line {number}", text
            return
        document = b""
        async for piece in self._pieces():
            document = (document + piece)[: MAX_DOCUMENT_BYTES + 1]
            if len(document) > MAX_DOCUMENT_BYTES:
                break  # it is refused, whatever follows
        if document.strip():
            yield "", document

    async def _pieces(self) -> AsyncGenerator[bytes]:
        async for piece in self._inbox.read(self.key, self.version):
            self.version = piece.version
            yield piece.body

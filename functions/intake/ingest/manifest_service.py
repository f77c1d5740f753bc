"""Ingests the Files of a manifest, and stores a problem document about its documents that are not valid Files."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

from intake.ingest.concurrent_files import ingest_all
from intake.ingest.deadline import Deadline
from intake.ingest.file_service import IngestService
from intake.ingest.ports import Inbox, Store
from intake.model.error_codes import StoreFailed
from intake.model.file import Fault, File, InvalidFile
from intake.model.json_lines import read_lines
from intake.model.limits import Limits
from intake.model.manifest import MAX_DOCUMENT_BYTES, MAX_FILES, read_file, read_url_line
from intake.model.object_keys import parse_manifest_key, problem_key
from intake.model.problem import ManifestEntry, Problem
from intake.model.receipt import Receipt
from intake.model.shown_text import redact_fault

TOO_MANY_FILES = f"The manifest has more than {MAX_FILES} Files. Put it under bulk/, where millions are accepted."
_MAX_FAULTS = 100
"""Faults in one problem document. Nobody corrects more of them by hand."""


@dataclass(slots=True)
class ManifestResult:
    """How the ingest of a manifest ended.

    Attributes:
        files: the number of Files by the status of their receipts.
        refused: the number of documents that are not valid Files.
        pending: the number of Files that may get further when the manifest is ingested again.
    """

    files: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    pending: int = 0

    def add(self, receipt: Receipt | None) -> None:
        """Count a File by its receipt; None if it had no time left to start."""
        if receipt is not None:
            self.files[receipt.status.value] += 1
        if receipt is None or not receipt.is_final or receipt.receipt_key is None:
            self.pending += 1


@dataclass(slots=True)
class _Survey:
    """The documents of a manifest, counted and validated.

    Attributes:
        documents: the number of documents; counting stops above `MAX_FILES`.
        refused: the number of those that are not valid Files.
        faults: the first faults of those.
        more_faults: the number of the other ones.
    """

    documents: int = 0
    refused: int = 0
    faults: list[Fault] = field(default_factory=list)
    more_faults: int = 0

    def refuse(self, position: str, faults: Sequence[Fault]) -> None:
        """Count a document that is not a valid File, and keep its faults as far as they are shown."""
        self.refused += 1
        shown = faults[: _MAX_FAULTS - len(self.faults)]
        self.faults.extend(redact_fault(fault, position) for fault in shown)
        self.more_faults += len(faults) - len(shown)


class ManifestService:
    """Ingests manifests."""

    def __init__(self, inbox: Inbox, store: Store, service: IngestService, limits: Limits) -> None:
        """Create the service.

        Args:
            inbox: holds the manifests.
            store: stores problem documents.
            service: ingests one File.
            limits: the limits on a File.
        """
        self._inbox = inbox
        self._store = store
        self._service = service
        self._limits = limits

    async def ingest(self, key: str, *, submitted_at: datetime, deadline: Deadline) -> ManifestResult:
        """Ingest every File of a manifest as far as the time allows.

        Args:
            key: the key of the manifest in the inbox.
            submitted_at: when it was put there. Final outcomes in receipts written since then are reused.
            deadline: the deadline of the invocation.

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
        await self._report_faults(manifest, survey)
        if survey.refused < survey.documents <= MAX_FILES:
            receipts = ingest_all(
                self._service,
                self._read_files(manifest, submitted_at),
                max_concurrent=self._limits.max_in_flight,
                deadline=deadline,
            )
            async for _, receipt in receipts:
                result.add(receipt)
        return result

    async def _survey(self, manifest: "_Manifest") -> _Survey:
        """Validate every document of a manifest before the first File starts."""
        survey = _Survey()
        async for position, text in manifest.read_documents():
            survey.documents += 1
            if survey.documents > MAX_FILES:
                break
            try:
                manifest.read_file(text, self._limits.max_base_images)
            except InvalidFile as error:
                survey.refuse(position, error.faults)
        return survey

    async def _read_files(
        self, manifest: "_Manifest", submitted_at: datetime
    ) -> AsyncGenerator[tuple[str, File, datetime]]:
        async for position, text in manifest.read_documents():
            try:
                yield position, manifest.read_file(text, self._limits.max_base_images), submitted_at
            except InvalidFile:
                continue  # `_survey` has reported it

    async def _report_faults(self, manifest: "_Manifest", survey: _Survey) -> None:
        """Store a problem if the manifest has faults. A manifest that was deleted has none."""
        if survey.documents > MAX_FILES:
            await self._store_problem(manifest, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, TOO_MANY_FILES)
        elif survey.faults:
            detail = "Some documents of the manifest are not valid Files."
            await self._store_problem(
                manifest, HTTPStatus.UNPROCESSABLE_ENTITY, detail, survey.faults, survey.more_faults
            )
        elif survey.documents == 0 and await manifest.exists():
            await self._store_problem(manifest, HTTPStatus.UNPROCESSABLE_ENTITY, "The manifest is empty.")

    async def _store_problem(
        self,
        manifest: "_Manifest",
        status: HTTPStatus,
        detail: str,
        faults: Sequence[Fault] = (),
        more_faults: int = 0,
    ) -> None:
        entry = ManifestEntry(key=manifest.key, etag=manifest.version or "")
        problem = Problem.of(status, detail, faults, entry, more_faults=more_faults)
        await self._store.put_document(problem_key(manifest.name), problem.to_json())


class _Manifest:
    """One version of a manifest, which can be read several times.

    Attributes:
        key: the key of the object in the inbox.
        name: the name in that key, see `parse_manifest_key`.
        version: the version that the first read returned; None before it.
        read_file: reads the File of one document.
    """

    def __init__(self, inbox: Inbox, key: str) -> None:
        parsed = parse_manifest_key(key)
        self._inbox = inbox
        self.key = key
        self.name, self._has_lines = (key, False) if parsed is None else parsed
        self.version: str | None = None
        self._has_urls = key.endswith(".txt")
        self.read_file = read_url_line if self._has_urls else read_file

    async def exists(self) -> bool:
        """Whether the object exists; it may be empty."""
        self.version = await self._inbox.version(self.key)
        return self.version is not None

    async def read_documents(self) -> AsyncGenerator[tuple[str, bytes]]:
        """Yield every document with its position: "line 3", or "" for the only one.

        Raises:
            StoreFailed, StoreDenied: the manifest cannot be read, or was replaced since the first read.
        """
        if self._has_lines:
            async for number, text in read_lines(self._read_pieces(), are_urls=self._has_urls):
                yield f"line {number}", text
            return
        document = b""
        async for piece in self._read_pieces():
            document = (document + piece)[: MAX_DOCUMENT_BYTES + 1]
            if len(document) > MAX_DOCUMENT_BYTES:
                break  # too long, so it is refused whatever follows
        if document.strip():
            yield "", document

    async def _read_pieces(self) -> AsyncGenerator[bytes]:
        async for piece in self._inbox.read(self.key, self.version):
            self.version = piece.version
            yield piece.body

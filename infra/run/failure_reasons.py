"""FailureReasons: an observer that keeps why URLs were blocked or had no credentials, and which Files have to wait."""

from collections.abc import Sequence

from infra.run.group_pauses import GroupPauses
from infra.run.origin_waits import OriginWait
from intake.ingest.ports import DocumentFault, Observer
from intake.model.error_codes import Blocked, CredentialsUnavailable, IntakeError
from intake.model.file import File
from intake.model.outcome import Failed, Outcome
from intake.model.receipt import Receipt
from intake.model.url import Url

_MAX_REASONS = 20


class FailureReasons(Observer):
    """Implements the port `Observer`; writes no log. On this machine, these reasons are no secret."""

    def __init__(self, pauses: GroupPauses) -> None:
        """Tell `pauses` which Files have to wait."""
        self._pauses = pauses
        self._blocked: dict[str, None] = {}

    def pop_blocked(self) -> list[str]:
        """Remove and return the reasons, each once, in the order of their appearance."""
        reasons, self._blocked = list(self._blocked), {}
        return reasons

    def images_done(self, file: File, outcomes: Sequence[Outcome]) -> None:
        """See `Observer.images_done`."""
        for request, outcome in zip(file.images, outcomes, strict=True):
            if isinstance(outcome, Failed):
                self._add(file.id, request.url, outcome.error)

    def _add(self, file_id: str, url: str, error: IntakeError) -> None:
        if isinstance(error, Blocked | CredentialsUnavailable) and error.reason and len(self._blocked) < _MAX_REASONS:
            self._blocked[error.reason if isinstance(error, Blocked) else f"{error.code}: {error.reason}"] = None
        if (wait := OriginWait.of_error(url, error)) is not None:
            self._pauses.add(file_id, wait)

    def file_done(self, receipt: Receipt, receipt_error: IntakeError | None) -> None:
        """See `Observer.file_done`."""

    def known_document_unread(self, fault: DocumentFault, reason: str) -> None:
        """See `Observer.known_document_unread`."""

    def decoder_unsure(self, url: Url, reason: str) -> None:
        """See `Observer.decoder_unsure`."""

    def file_skipped(self, file: File) -> None:
        """See `Observer.file_skipped`."""

"""FailureReasons: an observer that keeps the reasons that no receipt contains, and which Files have to wait."""

from collections.abc import Sequence
from typing import NamedTuple

from infra.run.group_pauses import GroupPauses
from infra.run.origin_waits import OriginWait
from intake.ingest.ports import DocumentFault, Observer
from intake.model.error_codes import Blocked, CorruptImage, CredentialsUnavailable, IntakeError
from intake.model.file import File
from intake.model.image_info import ImageWarning
from intake.model.outcome import Failed, Outcome
from intake.model.receipt import Receipt
from intake.model.url import Url, redact

_MAX_REASONS = 20


class Reason(NamedTuple):
    """What happened to an image, and why.

    Attributes:
        result: "blocked", "failed" or "warning".
        text: the reason, after the code of an error or a warning.
    """

    result: str
    text: str


class FailureReasons(Observer):
    """Implements the port `Observer`; writes no log. On this machine, these reasons are no secret."""

    def __init__(self, pauses: GroupPauses) -> None:
        """Tell `pauses` which Files have to wait."""
        self._pauses = pauses
        self._reasons: dict[Reason, None] = {}

    def pop(self) -> list[Reason]:
        """Remove and return the reasons, each once, in the order of their appearance."""
        reasons, self._reasons = list(self._reasons), {}
        return reasons

    def images_done(self, file: File, outcomes: Sequence[Outcome]) -> None:
        """See `Observer.images_done`."""
        for request, outcome in zip(file.images, outcomes, strict=True):
            if isinstance(outcome, Failed):
                self._add_error(file.id, request.url, outcome.error)

    def _add_error(self, file_id: str, url: str, error: IntakeError) -> None:
        match error:
            case Blocked(reason=str(reason)):
                self._add("blocked", reason)
            case CredentialsUnavailable(reason=str(reason)):
                self._add("failed", f"{error.code}: {reason}")
            case CorruptImage(reason=str(reason)):
                self._add("failed", f"{error.code}: {redact(url)}: {reason}")
        if (wait := OriginWait.of_error(url, error)) is not None:
            self._pauses.add(file_id, wait)

    def _add(self, result: str, text: str) -> None:
        if len(self._reasons) < _MAX_REASONS:
            self._reasons[Reason(result, text)] = None

    def file_done(self, receipt: Receipt, receipt_error: IntakeError | None) -> None:
        """See `Observer.file_done`."""

    def known_document_unread(self, fault: DocumentFault, reason: str) -> None:
        """See `Observer.known_document_unread`."""

    def decoder_unsure(self, url: Url, reason: str) -> None:
        """See `Observer.decoder_unsure`."""
        self._add("warning", f"{ImageWarning.DECODE_WARNING}: {redact(str(url))}: {reason}")

    def file_skipped(self, file: File) -> None:
        """See `Observer.file_skipped`."""

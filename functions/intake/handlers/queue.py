"""The queue entry point: ingests the Files that callers send to the SQS queue, one in each message."""

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.typing import LambdaContext

from intake import app
from intake.ingest.concurrent_files import ingest_all
from intake.ingest.deadline import Deadline
from intake.model.aws_events import describe_wrong_event
from intake.model.error_codes import IntakeError, StoreFailed
from intake.model.file import Fault, File, InvalidFile
from intake.model.manifest import read_file
from intake.model.object_keys import problem_key
from intake.model.problem import Problem
from intake.model.receipt import Receipt
from intake.telemetry import logger, redact_urls

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse

_MILLISECONDS = re.compile(r"[0-9]{1,14}")
"""Unix time, up to the year 5138."""

NOT_A_FILE = "it is not a valid File"
NOT_STARTED = "no time was left for its File"
NOT_STORED = "the receipt is not stored"
NOT_FINAL = "images failed that may succeed later"


class MessageReturned(Exception):
    """A message must come again. The text is the reason."""


@dataclass(slots=True)
class _Batch:
    """The messages of an event. Messages with the same body have one File, which is ingested once.

    Attributes:
        files: each File with its messages.
        refused: the messages that are no File, each with its faults.
        returned: why a message must come again, by its id.
    """

    files: list[tuple[File, list[SQSRecord]]] = field(default_factory=list)
    refused: list[tuple[SQSRecord, Sequence[Fault]]] = field(default_factory=list)
    returned: dict[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, messages: Sequence[SQSRecord], max_base_images: int) -> "_Batch":
        batch, by_body = cls(), dict[str, list[SQSRecord]]()
        for message in messages:
            by_body.setdefault(message.body, []).append(message)
        for body, same in by_body.items():
            try:
                batch.files.append((read_file(body.encode(errors="surrogatepass"), max_base_images), same))
            except InvalidFile as error:
                batch.refused += [(message, error.faults) for message in same]
        return batch

    def return_message(self, message: SQSRecord, reason: str, file: File | None = None) -> None:
        """Let a message come again, and log the reason."""
        self.returned[message.message_id] = reason
        receive_count = _read_attribute(message, "ApproximateReceiveCount")
        fields = {"message_id": message.message_id, "receive_count": receive_count}
        fields |= {} if file is None else {"file_id": file.id}
        logger.warning("message returned", extra=fields | {"reason": reason})

    def count(self) -> dict[str, int]:
        """Count the messages for the log. SQS may deliver a message twice; it counts once."""
        files = {message.message_id for _, messages in self.files for message in messages}
        refused = {message.message_id for message, _ in self.refused}
        return {"files": len(files), "refused": len(refused), "pending": len(self.returned.keys() - refused)}

    def check(self, record: SQSRecord) -> None:
        """Raise for a message that must come again.

        Raises:
            MessageReturned: it must.
        """
        if reason := self.returned.get(record.message_id):
            raise MessageReturned(reason)


def handler(event: dict[str, Any], context: LambdaContext) -> "PartialItemFailureResponse":
    """Ingest the Files of a batch.

    Args:
        event: messages of SQS (AWS Lambda Developer Guide, "Using Lambda with Amazon SQS").
        context: has the request id and the remaining time.

    Returns:
        The messages that must come again, as ReportBatchItemFailures expects it. SQS delivers them after the visibility
        timeout; the receipts keep all final outcomes, so only the rest is ingested. SQS moves a message that has come
        too often to the queue of failed Files.

    Raises:
        InvalidFile: the event is not from SQS, or a record of it is no message.
    """
    logger.append_keys(request_id=context.aws_request_id)
    batch = _Batch.parse(_read_messages(event), app.config().limits.max_base_images)
    app.ingest_service()  # takes long at a cold start, so the remaining time is read afterwards
    deadline = app.deadline(context.get_remaining_time_in_millis() / 1000)
    app.run(_ingest(batch, deadline))
    logger.info("messages done", extra=batch.count())
    return _report(event, batch)


def _report(event: dict[str, Any], batch: _Batch) -> "PartialItemFailureResponse":
    """Report the messages that must come again."""
    if not batch.returned:
        return {"batchItemFailures": []}
    # The import takes a tenth of a cold start, and hardly any batch needs it.
    from aws_lambda_powertools.utilities.batch import (  # noqa: PLC0415
        BatchProcessor,
        EventType,
        process_partial_response,
    )

    # An exception would count as an error of the function, although all failed messages come again in either case.
    processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
    return process_partial_response(event, batch.check, processor)


def _read_messages(event: object) -> list[SQSRecord]:
    """Return the messages. Those of an event that was made by hand need an id and a body, and no more.

    Raises:
        InvalidFile: see `handler`.
    """
    match event:
        case {"Records": [{"eventSource": "aws:sqs"}, *_] as records}:
            faults = [fault for number, record in enumerate(records) for fault in _find_faults(record, number)]
            if faults:
                raise InvalidFile(faults)
            return [SQSRecord(record) for record in records]
    raise InvalidFile([Fault("", describe_wrong_event(event, "an event of SQS"))])


def _find_faults(record: object, number: int) -> list[Fault]:
    match record:
        case {"messageId": str(), "body": str()}:
            return []
        case dict():
            names = [name for name in ("messageId", "body") if not isinstance(record.get(name), str)]
            return [Fault(f"Records[{number}].{name}", "must be a string, as in a message of SQS") for name in names]
    return [Fault(f"Records[{number}]", "must be a message of SQS: an object with messageId and body")]


async def _ingest(batch: _Batch, deadline: Deadline) -> None:
    """Ingest all Files at once. Beside them, store what is wrong with the messages that are no Files."""
    problems = [_store_problem(message, faults, deadline) for message, faults in batch.refused]
    await asyncio.gather(_ingest_files(batch, deadline), *problems)
    for message, _ in batch.refused:
        batch.return_message(message, NOT_A_FILE)


async def _ingest_files(batch: _Batch, deadline: Deadline) -> None:
    receipts = ingest_all(
        app.ingest_service(),
        _list_files(batch),
        max_concurrent=app.config().limits.max_in_flight,
        deadline=deadline,
        is_fair=True,
    )
    async for (file, messages), receipt in receipts:
        if reason := _find_reason(receipt):
            for message in messages:
                batch.return_message(message, reason, file)


async def _list_files(batch: _Batch) -> AsyncGenerator[tuple[tuple[File, list[SQSRecord]], File, datetime | None]]:
    for file, messages in batch.files:
        times = [sent_at for message in messages if (sent_at := _sent_at(message))]
        yield (file, messages), file, max(times) if len(times) == len(messages) else None


def _sent_at(message: SQSRecord) -> datetime | None:
    """Return when the message was sent. It is the same at each delivery, so outcomes since then are reused.

    Returns:
        None if the message was made by hand and has no time: no outcome is reused.
    """
    text = _read_attribute(message, "SentTimestamp") or ""
    return datetime.fromtimestamp(int(text) / 1000, UTC) if _MILLISECONDS.fullmatch(text) else None


def _read_attribute(message: SQSRecord, name: str) -> str | None:
    """Return an attribute that SQS gives to each message. A message that was made by hand may lack it."""
    attributes = message.get("attributes")
    text = attributes.get(name) if isinstance(attributes, dict) else None
    return text if isinstance(text, str) else None


def _find_reason(receipt: Receipt | None) -> str | None:
    """Return why the messages of a File must come again; None if the File is done."""
    if receipt is None:
        return NOT_STARTED
    if receipt.receipt_key is None:
        return NOT_STORED
    return None if receipt.is_final else NOT_FINAL


async def _store_problem(message: SQSRecord, faults: Sequence[Fault], deadline: Deadline) -> None:
    """Store the faults of a message under its id. If that fails, the next delivery tries again."""
    problem = Problem.of(HTTPStatus.UNPROCESSABLE_ENTITY, "The message is not a valid File.", faults)
    try:
        async with asyncio.timeout_at(deadline.receipt):
            await app.store().put_document(problem_key(message.message_id), problem.to_json())
    except (IntakeError, TimeoutError) as error:
        failure = error if isinstance(error, IntakeError) else StoreFailed(reason="it was not stored in time")
        fields = {"code": failure.code, "reason": redact_urls(failure.reason or failure.message)}
        logger.error("problem not stored", extra={"message_id": message.message_id, **fields})

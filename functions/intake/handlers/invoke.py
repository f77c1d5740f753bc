"""The invoke entry point: the event is a File, the response is its receipt. For Lambda callers and state machines."""

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from intake import app
from intake.model.file import File, InvalidFile
from intake.model.shown_text import redact_fault
from intake.telemetry import logger


def handler(event: object, context: LambdaContext) -> dict[str, Any]:
    """Ingest one File.

    Args:
        event: a File, or a URL list.
        context: has the request id and the remaining time.

    Returns:
        The receipt, with the URLs as they were sent. A failed image is a part of it. `receiptKey` is null if it could
        not be stored; the log says why.

    Raises:
        InvalidFile: the event is not a valid File. The message has its faults, without the queries of URLs. A `Catch`
            of a state machine finds the error under this name.
    """
    logger.append_keys(request_id=context.aws_request_id)
    file = _parse(event)
    service = app.ingest_service()  # takes long at a cold start, so the remaining time is read afterwards
    deadline = app.deadline(context.get_remaining_time_in_millis() / 1000)
    return app.run(service.ingest(file, deadline)).model_dump(mode="json", by_alias=True)


def _parse(event: object) -> File:
    try:
        return File.parse(event, max_base_images=app.config().limits.max_base_images)
    except InvalidFile as error:
        raise InvalidFile([redact_fault(fault) for fault in error.faults]) from None

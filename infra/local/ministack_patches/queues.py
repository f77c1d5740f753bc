"""Patches of SQS: what Lambda may do with a queue that invokes a function, and messages that are moved back."""

import importlib
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any
from uuid import uuid4

from infra.local.ministack_patches.roles import is_allowed

_READ = ("sqs:ReceiveMessage", "sqs:GetQueueAttributes")
_may_delete: ContextVar[bool] = ContextVar("whether the role of the function may delete messages", default=True)


def apply() -> None:
    """Replace the functions of MiniStack that read a queue for a function, and add the action that moves messages."""
    functions: Any = importlib.import_module("ministack.services.lambda_svc")
    queues: Any = importlib.import_module("ministack.services.sqs")
    functions._sqs_esm_concurrency = _check_reading(functions._sqs_esm_concurrency)  # noqa: SLF001 - there is no public way
    functions._run_sqs_batch = _remember_deleting(functions._run_sqs_batch)  # noqa: SLF001
    queues._delete_messages_for_esm = _check_deleting(queues._delete_messages_for_esm)  # noqa: SLF001
    queues._HANDLERS["StartMessageMoveTask"] = _make_move_task(queues)  # noqa: SLF001


def _check_reading(original: Callable[..., int]) -> Callable[..., int]:
    """Read a queue only as the role of the function allows, with a maximum that may be text.

    AWS: Lambda reads the queue with the function's role, which needs sqs:ReceiveMessage and sqs:GetQueueAttributes.
    CloudFormation turns the text of a parameter into the number that MaximumConcurrency is.
    MiniStack: reads it without a check, and fails at a text.
    """

    def count(mapping: dict[str, Any], function: Any, config: dict[str, Any], queue: Any = None) -> int:  # noqa: ANN401 - MiniStack's own
        if not all(is_allowed(config["Role"], action, mapping["EventSourceArn"]) for action in _READ):
            return 0
        maximum = (mapping.get("ScalingConfig") or {}).get("MaximumConcurrency")
        scaling = {} if maximum is None else {"ScalingConfig": {"MaximumConcurrency": int(maximum)}}
        return original(mapping | scaling, function, config, queue)

    return count


def _remember_deleting(original: Callable[..., None]) -> Callable[..., None]:
    """Record whether the role of the function may delete messages, for `_check_deleting`."""

    def run(mapping: dict[str, Any], function: dict[str, Any], *args: Any) -> None:  # noqa: ANN401 - MiniStack's own
        role = (function.get("config") or function)["Role"]
        _may_delete.set(is_allowed(role, "sqs:DeleteMessage", mapping["EventSourceArn"]))
        original(mapping, function, *args)

    return run


def _check_deleting(original: Callable[..., None]) -> Callable[..., None]:
    """Delete messages only as the role of the function allows.

    AWS: Lambda deletes the messages of a batch with the function's role, which needs sqs:DeleteMessage.
    MiniStack: deletes them without a check.
    """

    def delete(*args: Any) -> None:  # noqa: ANN401 - MiniStack's own
        if _may_delete.get():
            original(*args)

    return delete


def _make_move_task(queues: Any) -> Callable[..., dict[str, str]]:  # noqa: ANN401 - a module that the type checker does not see
    """Move all messages of a dead-letter queue.

    AWS: StartMessageMoveTask moves the messages of a dead-letter queue, in the background, to the queue that they came
    from, or to another one. They are new messages, with new ids and times (Amazon SQS Developer Guide, "Configuring a
    dead-letter queue redrive").
    MiniStack: does not know the action.
    """

    def move(data: dict[str, Any], _: str) -> dict[str, str]:
        queue = queues._queue_by_arn(data["SourceArn"])  # noqa: SLF001 - there is no public way
        if queue is None or not _is_dead_letter_queue(queues, data["SourceArn"]):
            text = "Source queue must be configured as a Dead Letter Queue."
            raise queues._Err("InvalidParameterValue", text)  # noqa: SLF001
        messages, queue["messages"] = queue["messages"], []
        for message in messages:
            target = data.get("DestinationArn") or message["sys"]["DeadLetterQueueSourceArn"]
            url, attributes = queues._queue_by_arn(target)["url"], message["message_attributes"]  # noqa: SLF001
            queues._act_send_message({"MessageBody": message["body"], "MessageAttributes": attributes}, url)  # noqa: SLF001
        return {"TaskHandle": str(uuid4())}

    return move


def _is_dead_letter_queue(queues: Any, arn: str) -> bool:  # noqa: ANN401 - as in _make_move_task
    return any(arn in queue["attributes"].get("RedrivePolicy", "") for queue in queues._queues.values())  # noqa: SLF001

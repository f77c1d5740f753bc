"""Patches of IAM: which permission the batch operations of SQS need."""

import importlib
from collections.abc import Callable
from typing import Any


def apply() -> None:
    """Replace the function of MiniStack that finds the action of a request."""
    actions: Any = importlib.import_module("ministack.core.iam_actions")
    actions._action_from_target = _without_batch(actions._action_from_target)  # noqa: SLF001 - there is no public way


def _without_batch(original: Callable[[dict[str, str]], str | None]) -> Callable[[dict[str, str]], str | None]:
    """Find the action of a batch operation of SQS.

    AWS: SendMessageBatch needs sqs:SendMessage, and there is no sqs:SendMessageBatch. The same holds for the other
    batch operations (Amazon SQS Developer Guide, "Amazon SQS batch actions").
    MiniStack: takes the name of the operation for the action.
    """

    def find(headers: dict[str, str]) -> str | None:
        action = original(headers)
        is_of_queue = headers.get("x-amz-target", "").startswith("AmazonSQS.")
        return action.removesuffix("Batch") if action and is_of_queue else action

    return find

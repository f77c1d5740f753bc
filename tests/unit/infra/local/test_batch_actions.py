"""Which permission the local AWS asks for when a batch of messages is sent."""

import pytest
from infra.local.ministack_patches.batch_actions import _without_batch


@pytest.mark.parametrize(
    ("target", "action"),
    [
        ("AmazonSQS.SendMessageBatch", "SendMessage"),
        ("AmazonSQS.DeleteMessageBatch", "DeleteMessage"),
        ("AmazonSQS.SendMessage", "SendMessage"),
        ("AWSStepFunctions.StartBatch", "StartBatch"),
    ],
)
def test_batch_operation_of_a_queue_needs_the_permission_for_one_message(target: str, action: str) -> None:
    find = _without_batch(lambda headers: headers["x-amz-target"].rpartition(".")[2])

    assert find({"x-amz-target": target}) == action


def test_request_without_a_target_keeps_its_action() -> None:
    assert _without_batch(lambda _: None)({}) is None

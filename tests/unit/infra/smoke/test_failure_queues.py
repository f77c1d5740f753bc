"""Messages of a run in queues, over queues in memory."""

import json

import pytest
from infra.smoke.check import CheckFailed
from infra.smoke.failure_queues import failure_queue_check, remove_from_file_queue, remove_own_messages

from support.smoke_fakes import QUEUE, RUN, FakeDeployed, FakeQueues, context_of

OWN, OTHERS = f'{{"id": "{RUN}-queue"}}', [f"message {number}" for number in range(25)]

ERROR = {"errorType": "Unfinished", "errorMessage": "1 Files are pending."}


def failure(**members: object) -> str:
    """Return the record of an event that failed, as Lambda sends it."""
    context = {"functionArn": "arn:aws:lambda:eu-central-1:1:function:S3-1", "condition": "RetriesExhausted"}
    return json.dumps({"requestContext": context, "requestPayload": {"id": RUN}, **members})


def test_own_messages_are_removed_and_others_become_visible_again() -> None:
    queues = FakeQueues({QUEUE: [*OTHERS, OWN]})

    own = remove_own_messages(queues, QUEUE, RUN)

    assert (own.bodies, own.is_complete) == ([OWN], True)
    assert sorted(queues.messages[QUEUE]) == sorted(OTHERS)
    assert queues.hidden[QUEUE] == []


def test_long_queue_is_not_read_to_its_end() -> None:
    queues = FakeQueues({QUEUE: [f"message {number}" for number in range(300)]})
    assert not remove_own_messages(queues, QUEUE, RUN).is_complete
    assert (queues.calls, len(queues.messages[QUEUE])) == (20, 300)


def test_check_fails_for_a_message_of_the_run_alone() -> None:
    deployed = FakeDeployed(outputs={"FailureQueueUrl": QUEUE}, sqs=FakeQueues({QUEUE: ["another"]}))
    assert failure_queue_check(context_of(deployed)).run() == ""
    deployed.sqs.messages[QUEUE].append(OWN)
    with pytest.raises(CheckFailed, match=f"failure queue: .*{RUN}"):
        failure_queue_check(context_of(deployed)).run()


@pytest.mark.parametrize(
    ("expected", "body"),
    [
        ("S3-1: Unfinished: 1 Files are pending.", failure(responsePayload=ERROR)),
        ("S3-1: RetriesExhausted", failure()),
        ('["', json.dumps([RUN])),
        ("no JSON", f"no JSON {RUN}"),
    ],
)
def test_check_says_which_function_failed_and_why(expected: str, body: str) -> None:
    deployed = FakeDeployed(outputs={"FailureQueueUrl": QUEUE}, sqs=FakeQueues({QUEUE: [body]}))
    with pytest.raises(CheckFailed) as failed:
        failure_queue_check(context_of(deployed)).run()
    assert f"failure queue: {expected}" in failed.value.found


@pytest.mark.parametrize(
    ("left", "calls", "messages"),
    [
        ("", 1, [OWN]),
        ("the message of", 0, [OWN, "another"]),
        ("the message of", 1, ["another"]),
        ("the message of", 0, []),
    ],
)
def test_message_in_the_queue_of_files_is_removed_if_no_other_waits(left: str, calls: int, messages: list[str]) -> None:
    queues = FakeQueues({QUEUE: [*messages]})
    assert remove_from_file_queue(context_of(FakeDeployed(sqs=queues))).startswith(left)
    assert queues.calls == calls
    assert [one for one in messages if one != OWN] == [one for one in queues.messages[QUEUE] if one != OWN]

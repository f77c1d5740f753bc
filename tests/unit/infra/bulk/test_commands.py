"""The commands that `make bulk` tells the user to type."""

import pytest
from infra.bulk.commands import DEFAULT_STACK, Commands


@pytest.mark.parametrize(
    ("commands", "expected"),
    [
        (Commands(DEFAULT_STACK), "make bulk RUN=run-1"),
        (Commands("dev"), "make bulk RUN=run-1 STACK=dev"),
        (
            Commands("dev", "http://127.0.0.1:4566"),
            "make bulk RUN=run-1 STACK=dev ENDPOINT=http://127.0.0.1:4566",
        ),
    ],
)
def test_follow_names_the_same_stack_and_endpoint(commands: Commands, expected: str) -> None:
    assert expected == commands.follow("run-1")


def test_aws_commands_name_the_endpoint_of_a_local_aws() -> None:
    assert (
        Commands("dev", "http://127.0.0.1:4566").redrive("arn:x:run-1")
        == "aws --endpoint-url http://127.0.0.1:4566 stepfunctions redrive-execution --execution-arn arn:x:run-1"
    )
    assert Commands("dev").newest_run("arn:x:machine").startswith("aws stepfunctions list-executions ")

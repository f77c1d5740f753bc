"""The check of the stack's status before `make deploy` builds, against a CloudFormation on loopback."""

import pytest
from infra.deploy.stack_status import StackStatusError, check_stack_status

from support.aws_stand_in import aws_stand_in

STACK = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult>
<Stacks><member><StackName>dev</StackName><StackStatus>{status}</StackStatus>
<CreationTime>2026-11-29T12:00:00Z</CreationTime></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"""


def check(environment: pytest.MonkeyPatch, answer: tuple[int, str]) -> None:
    with aws_stand_in(*answer) as url:
        environment.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        check_stack_status("dev")


@pytest.mark.parametrize(
    ("status", "said"),
    [
        ("ROLLBACK_COMPLETE", "its first deployment failed (ROLLBACK_COMPLETE)"),
        ("ROLLBACK_FAILED", ".local/sam/bin/sam delete --stack-name dev"),
        ("DELETE_FAILED", "its deletion failed (DELETE_FAILED)"),
        ("UPDATE_ROLLBACK_FAILED", "aws cloudformation continue-update-rollback --stack-name dev"),
        ("UPDATE_IN_PROGRESS", "The stack dev is being changed (UPDATE_IN_PROGRESS)."),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "Deploy when that has ended."),
    ],
)
def test_stack_is_refused_when_cloudformation_cannot_update_it(
    environment: pytest.MonkeyPatch, status: str, said: str
) -> None:
    with pytest.raises(StackStatusError) as refused:
        check(environment, (200, STACK.format(status=status)))
    assert said in str(refused.value)


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_stack_is_accepted_when_cloudformation_can_update_it(environment: pytest.MonkeyPatch, status: str) -> None:
    check(environment, (200, STACK.format(status=status)))


def test_stack_is_accepted_when_it_does_not_exist_or_cannot_be_read(environment: pytest.MonkeyPatch) -> None:
    check(environment, (400, "<ErrorResponse><Error><Code>ValidationError</Code></Error></ErrorResponse>"))
    environment.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", "http://127.0.0.1:1")
    check_stack_status("dev")

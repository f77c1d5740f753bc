"""The check of ReceiptTopic=on before `make deploy` builds, against a CloudFormation on loopback."""

import pytest
from infra.deploy.__main__ import main
from infra.deploy.parameters import read_parameters
from infra.deploy.receipt_topic import TopicError, check_receipt_topic

from support.aws_stand_in import IDENTITY, aws_stand_in

STACKS = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult>
<Stacks><member><StackName>dev</StackName><StackStatus>{status}</StackStatus><CreationTime>2026-11-29T12:00:00Z</CreationTime>
<Outputs>{outputs}</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"""
OUTPUT = "<member><OutputKey>{name}</OutputKey><OutputValue>value</OutputValue></member>"
FAULT = """<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>
<Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"""
MISSING = (400, FAULT.format(code="ValidationError", message="Stack with id dev does not exist"))
OLD = (200, STACKS.format(status="UPDATE_COMPLETE", outputs=OUTPUT.format(name="ImageBucketName")))
FAILED = (200, STACKS.format(status="ROLLBACK_COMPLETE", outputs=""))
WITH_TOPIC = (200, STACKS.format(status="UPDATE_COMPLETE", outputs=OUTPUT.format(name="ReceiptTopicArn")))
DENIED = (403, FAULT.format(code="AccessDenied", message="not authorized to perform: cloudformation:DescribeStacks"))


def check(environment: pytest.MonkeyPatch, answer: tuple[int, str], *parameters: str) -> None:
    with aws_stand_in(*answer) as url:
        environment.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        check_receipt_topic("dev", read_parameters(parameters))


@pytest.mark.parametrize("answer", [MISSING, OLD, FAILED], ids=["no stack", "older release", "failed creation"])
@pytest.mark.parametrize(
    "parameters",
    [
        ("ReceiptTopic=on",),
        ("MaxPerOrigin=8", 'ReceiptTopic="on"'),
        ("MaxPerOrigin=8 ReceiptTopic=on",),
        ("ParameterKey=ReceiptTopic,ParameterValue=on",),
    ],
)
def test_topic_is_refused_for_a_stack_without_its_policy(
    environment: pytest.MonkeyPatch, answer: tuple[int, str], parameters: tuple[str, ...]
) -> None:
    with pytest.raises(TopicError, match="Deploy twice: first without ReceiptTopic=on, then with it") as error:
        check(environment, answer, *parameters)
    assert "the stack dev does not have yet" in str(error.value)


def test_topic_is_accepted_for_a_stack_with_its_policy(environment: pytest.MonkeyPatch) -> None:
    check(environment, WITH_TOPIC, "ReceiptTopic=on", "ExistingImageBucket=")


@pytest.mark.parametrize(
    "parameters",
    [
        ("ReceiptTopic=on", "ExistingImageBucket=my-images"),
        ("ExistingImageBucket='my-images' ReceiptTopic=on",),
        ("ParameterKey=ExistingImageBucket,ParameterValue=my-images", "ReceiptTopic=on"),
    ],
)
def test_topic_is_refused_for_a_bucket_that_the_stack_does_not_create(parameters: tuple[str, ...]) -> None:
    with pytest.raises(TopicError, match="Set the notification of your own bucket yourself"):
        check_receipt_topic("dev", read_parameters(parameters))


@pytest.mark.parametrize("parameters", [(), ("ReceiptTopic=off",), ("Contact=ReceiptTopic=on",), ("MaxPerOrigin=8",)])
def test_stack_is_not_read_without_the_topic(parameters: tuple[str, ...]) -> None:
    check_receipt_topic("dev", read_parameters(parameters))


def test_stack_that_cannot_be_read_is_named_with_the_reason(environment: pytest.MonkeyPatch) -> None:
    with pytest.raises(TopicError, match="The stack dev cannot be read: not authorized to perform"):
        check(environment, DENIED, "ReceiptTopic=on")
    environment.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", "http://127.0.0.1:1")
    with pytest.raises(TopicError, match="The stack dev cannot be read: Could not connect"):
        check_receipt_topic("dev", {"ReceiptTopic": "on"})


def test_deploy_ends_before_it_says_where_the_stack_goes(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with aws_stand_in(200, IDENTITY) as sts, aws_stand_in(*MISSING) as cloudformation:
        environment.setenv("AWS_ENDPOINT_URL_STS", sts)
        environment.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", cloudformation)

        statuses = [main("dev", ["ReceiptTopic=on"]), main("dev", ["ReceiptTopic=off"])]

    printed = capsys.readouterr()
    assert statuses == [1, 0]
    assert printed.err.startswith(
        "make deploy: ReceiptTopic=on needs the policy of the topic, which the stack dev does not"
    )
    assert printed.err.endswith("Nothing was built or deployed.\n")
    assert printed.out.count("Deploying the stack dev") == 1

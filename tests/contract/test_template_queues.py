"""template.yaml: which events start a function, which queues keep them, and what the topic gets."""

import pytest
from infra.build.template_file import list_functions, load

from intake.model.object_keys import receipt_key
from support.resolved_template import resolve

TEMPLATE = load()
PARAMETERS = TEMPLATE["Parameters"]
FUNCTIONS = list_functions(TEMPLATE)
QUEUES = {name: item for name, item in TEMPLATE["Resources"].items() if item["Type"] == "AWS::SQS::Queue"}


@pytest.mark.parametrize("function", ["S3Function", "InvokeFunction"])
def test_events_that_failed_three_times_are_sent_to_the_failure_queue(function: str) -> None:
    config = FUNCTIONS[function]["EventInvokeConfig"]

    assert config["MaximumRetryAttempts"] == 2
    assert config["DestinationConfig"]["OnFailure"] == {
        "Type": "SQS",
        "Destination": {"Fn::GetAtt": "FailureQueue.Arn"},
    }


def test_visibility_timeout_of_every_queue_is_six_times_the_timeout_of_its_function() -> None:
    """Lambda asks for it. No function reads the failure queue today; the longest one could."""
    longest = max(properties["Timeout"] for properties in FUNCTIONS.values())
    timeouts = {name: item["Properties"]["VisibilityTimeout"] for name, item in QUEUES.items()}

    assert timeouts["FailureQueue"] == 6 * longest
    assert timeouts["FileQueue"] == timeouts["FailedFilesQueue"] == 6 * FUNCTIONS["QueueFunction"]["Timeout"]
    assert len(timeouts) == 3


def test_queue_function_reads_the_queue_and_reports_single_messages() -> None:
    [event] = FUNCTIONS["QueueFunction"]["Events"].values()
    assert event == {
        "Type": "SQS",
        "Properties": {
            "Queue": {"Fn::GetAtt": "FileQueue.Arn"},
            "BatchSize": 10,
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": {"Ref": "QueueMaxConcurrency"}},
        },
    }
    assert PARAMETERS["QueueMaxConcurrency"].items() >= {"Default": 10, "MinValue": 2, "MaxValue": 1000}.items()


def test_message_that_comes_back_too_often_goes_to_a_queue_from_which_sqs_moves_it_back() -> None:
    """SQS moves messages back only if they came from another queue. Lambda's guide asks for five deliveries or more."""
    queue, failed = QUEUES["FileQueue"]["Properties"], QUEUES["FailedFilesQueue"]["Properties"]

    target = {"deadLetterTargetArn": {"Fn::GetAtt": "FailedFilesQueue.Arn"}, "maxReceiveCount": 5}
    assert queue["RedrivePolicy"] == target
    assert queue["RedriveAllowPolicy"] == {"redrivePermission": "denyAll"}
    [source] = failed["RedriveAllowPolicy"]["sourceQueueArns"]
    text, values = source["Fn::Sub"]
    prefix, stack_id = queue["QueueName"]["Fn::Join"][1]
    assert failed["RedriveAllowPolicy"]["redrivePermission"] == "byQueue"
    assert (text.rpartition(":")[2], values) == (f"{prefix}-${{Id}}", {"Id": stack_id})
    assert len(prefix) + 1 + 36 <= 80


@pytest.mark.parametrize("queue", QUEUES)
def test_queue_is_encrypted_and_keeps_messages_for_two_weeks(queue: str) -> None:
    properties = resolve(TEMPLATE)["Resources"][queue]["Properties"]
    assert (properties["MessageRetentionPeriod"], properties["SqsManagedSseEnabled"]) == (14 * 24 * 3600, True)


def test_list_in_the_inbox_starts_the_state_machine_through_eventbridge() -> None:
    rule = TEMPLATE["Resources"]["ListArrived"]["Properties"]

    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [{"Ref": "InboxBucket"}]}, "object": {"key": [{"prefix": "bulk/"}]}},
    }
    [target] = rule["Targets"]
    assert target["Arn"] == {"Ref": "StateMachine"}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": "FailureQueue.Arn"}}


def test_only_stored_receipts_are_sent_to_the_topic_and_only_with_the_parameter() -> None:
    notification = TEMPLATE["Resources"]["ImageBucket"]["Properties"]["NotificationConfiguration"]
    condition, sent, otherwise = notification["Fn::If"]

    assert PARAMETERS["ReceiptTopic"]["Default"] == "off"
    assert TEMPLATE["Conditions"][condition] == {"Fn::Equals": [{"Ref": "ReceiptTopic"}, "on"]}
    assert otherwise == {"Ref": "AWS::NoValue"}
    [topic] = sent["TopicConfigurations"]
    assert (topic["Topic"], topic["Event"]) == ({"Ref": "ReceiptEvents"}, "s3:ObjectCreated:*")
    rules = {rule["Name"]: rule["Value"] for rule in topic["Filter"]["S3Key"]["Rules"]}
    assert rules == {"prefix": receipt_key("").removesuffix(".json"), "suffix": ".json"}


def test_topic_and_its_policy_exist_whatever_the_parameter_says() -> None:
    """S3 accepts the notification only if the policy was there before it."""
    for name in ("ReceiptEvents", "ReceiptTopicPolicy"):
        assert "Condition" not in TEMPLATE["Resources"][name]

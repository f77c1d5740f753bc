"""The alarms of a stack before and after a run, over CloudFormation and CloudWatch in memory."""

from typing import Any

import pytest
from infra.smoke.alarms import AlarmWatch
from infra.smoke.check import CheckFailed, CheckSkipped

from support.smoke_fakes import FakeDeployed, aws_error

NESTED = {"ResourceType": "AWS::CloudFormation::Stack", "PhysicalResourceId": "arn:nested"}


class FakeMonitoring:
    """A stack with a nested stack, which has alarms.

    Attributes:
        names: the alarms that the nested stack lists.
        states: the alarms that exist, with their states.
    """

    def __init__(self, number: int = 120) -> None:
        self.names = [f"alarm-{index}" for index in range(number)]
        self.states = dict.fromkeys(self.names, "OK")
        self.denied = False

    def get_paginator(self, name: str) -> Any:
        if self.denied:
            raise aws_error("AccessDenied", name)
        return self

    def paginate(self, StackName: str = "", AlarmNames: list[str] | None = None) -> list[dict[str, Any]]:  # noqa: N803 - the names of boto3
        if AlarmNames is not None:
            assert len(AlarmNames) <= 100
            found = [{"AlarmName": name, "StateValue": self.states[name]} for name in AlarmNames if name in self.states]
            return [{"MetricAlarms": found[:50]}, {"MetricAlarms": found[50:]}]
        alarms = [{"ResourceType": "AWS::CloudWatch::Alarm", "PhysicalResourceId": name} for name in self.names]
        return [{"StackResourceSummaries": [NESTED] if StackName == "dev" else alarms}]


def watch(monitoring: FakeMonitoring) -> AlarmWatch:
    return AlarmWatch(FakeDeployed(cloudformation=monitoring, cloudwatch=monitoring))  # type: ignore[arg-type]


def test_alarms_of_nested_stacks_exist_and_did_not_start() -> None:
    monitoring = FakeMonitoring()
    assert watch(monitoring).check().run() == "120 alarms"
    monitoring.states["alarm-7"] = "ALARM"
    assert watch(monitoring).check().run() == "120 alarms; in ALARM before the run: alarm-7"


def test_alarm_that_started_during_the_run_is_named() -> None:
    monitoring = FakeMonitoring()
    monitoring.states["alarm-7"] = "ALARM"
    before = watch(monitoring)
    monitoring.states["alarm-110"] = "ALARM"
    with pytest.raises(CheckFailed, match=r"These alarms started: alarm-110\."):
        before.check().run()


def test_missing_alarm_is_named() -> None:
    monitoring = FakeMonitoring()
    del monitoring.states["alarm-3"]
    with pytest.raises(CheckFailed, match=r"These alarms do not exist: alarm-3\."):
        watch(monitoring).check().run()


def test_alarms_are_skipped_if_there_are_none_or_nobody_may_ask() -> None:
    monitoring = FakeMonitoring(0)
    with pytest.raises(CheckSkipped, match="the stack has no alarms"):
        watch(monitoring).check().run()
    monitoring.denied = True
    with pytest.raises(CheckSkipped, match="may not call list_stack_resources"):
        watch(monitoring).check().run()

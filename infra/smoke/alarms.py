"""AlarmWatch: whether the alarms of the stack exist, and which of them started during the run."""

from botocore.exceptions import BotoCoreError, ClientError

from infra.smoke.check import RESTORE, Check, CheckFailed, CheckSkipped, raise_unless_denied
from infra.smoke.deployed import Deployed

_NESTED, _ALARM = "AWS::CloudFormation::Stack", "AWS::CloudWatch::Alarm"
_STARTED = "ALARM"
_MAX_NAMES = 100
"""Names in one call (CloudWatch, DescribeAlarms)."""


class AlarmWatch:
    """The alarms of a stack, before and after a run."""

    def __init__(self, deployed: Deployed) -> None:
        """Read the state of each alarm before the run."""
        self._deployed = deployed
        self._names: list[str] = []
        self._before: dict[str, str] = {}
        self._error: BotoCoreError | ClientError | None = None
        try:
            self._names = self._find_alarms(deployed.name)
            self._before = self._read_states()
        except (BotoCoreError, ClientError) as error:
            self._error = error  # the check says so

    def check(self) -> Check:
        """Return the check after the run."""
        return Check("alarms", self._check)

    def _check(self) -> str:
        if isinstance(self._error, ClientError):
            raise_unless_denied(self._error)
        if self._error:
            raise self._error
        if not self._names:
            raise CheckSkipped("the stack has no alarms")
        after = self._read_states()
        if missing := sorted(set(self._names) - after.keys()):
            raise CheckFailed(f"These alarms do not exist: {', '.join(missing)}.", RESTORE)
        started = {name for name, state in after.items() if state == _STARTED}
        if new := sorted(started - {name for name, state in self._before.items() if state == _STARTED}):
            raise CheckFailed(f"These alarms started: {', '.join(new)}.", "docs/operations.md explains each alarm.")
        earlier = f"; in ALARM before the run: {', '.join(sorted(started))}" if started else ""
        return f"{len(after)} alarms{earlier}"

    def _find_alarms(self, stack: str) -> list[str]:
        """Return the names of the alarms of a stack and of the stacks in it."""
        pages = self._deployed.cloudformation.get_paginator("list_stack_resources").paginate(StackName=stack)
        names: list[str] = []
        for resource in (one for page in pages for one in page["StackResourceSummaries"]):
            if resource["ResourceType"] == _ALARM:
                names.append(resource["PhysicalResourceId"])
            elif resource["ResourceType"] == _NESTED:
                names += self._find_alarms(resource["PhysicalResourceId"])
        return names

    def _read_states(self) -> dict[str, str]:
        states: dict[str, str] = {}
        for start in range(0, len(self._names), _MAX_NAMES):
            names = self._names[start : start + _MAX_NAMES]
            pages = self._deployed.cloudwatch.get_paginator("describe_alarms").paginate(AlarmNames=names)
            found = [alarm for page in pages for alarm in page.get("MetricAlarms", [])]
            states |= {alarm["AlarmName"]: alarm["StateValue"] for alarm in found}
        return states

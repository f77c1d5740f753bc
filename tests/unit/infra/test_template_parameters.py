"""The check of parameters that a user gives, against the template."""

import pytest
from infra.build.template_file import load
from infra.build.template_parameters import find_parameter_faults


def test_every_default_of_the_template_is_accepted() -> None:
    defaults = {name: str(parameter["Default"]) for name, parameter in load()["Parameters"].items()}

    assert find_parameter_faults(defaults) == []
    assert find_parameter_faults({}) == []


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("KmsKeyARN", "", "KmsKeyARN: the template has no such parameter. Did you mean KmsKeyArn?"),
        ("MaxPerOrgin", "8", "MaxPerOrgin: the template has no such parameter. Did you mean MaxPerOrigin?"),
        ("MAX_ATTEMPTS", "2", "MAX_ATTEMPTS: the template has no such parameter. Did you mean MaxAttempts?"),
        ("Zone", "a", "Zone: the template has no such parameter. template.yaml lists all of them."),
        ("Dashboard", "no", "Dashboard=no: expected one of on, off."),
        ("LogRetentionDays", "2", "LogRetentionDays=2: expected one of 1, 3, 5, "),
        ("MemorySize", "128", "MemorySize=128: expected a number from 256 to 10240."),
        ("ConnectTimeout", "nan", "ConnectTimeout=nan: expected a number from 0.1 to 29."),
        ("MaxAttempts", "", "MaxAttempts=: expected a number from 1 to 10."),
        ("KmsKeyArn", "alias/mine", "KmsKeyArn=alias/mine: must be empty or the ARN of a KMS key, not of an alias."),
        ("AllowedPorts", "80,", "AllowedPorts=80,: must be port numbers separated by commas without spaces."),
    ],
)
def test_fault_names_parameter_value_and_what_is_expected(name: str, value: str, fault: str) -> None:
    [found] = find_parameter_faults({"Contact": "ops@example.com", name: value})

    assert found.startswith(fault)

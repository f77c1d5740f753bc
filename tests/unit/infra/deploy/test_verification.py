"""The check of VERIFY before `make deploy` builds, against a CloudFormation on loopback."""

import pytest
from infra.deploy.verification import VerificationError, check_verification

from support.aws_stand_in import aws_stand_in

STACKS = """<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult>
<Stacks><member><StackName>dev</StackName><StackStatus>UPDATE_COMPLETE</StackStatus>
<CreationTime>2026-11-29T12:00:00Z</CreationTime><Parameters>{parameters}</Parameters></member></Stacks>
</DescribeStacksResult></DescribeStacksResponse>"""
PARAMETER = "<member><ParameterKey>Verify</ParameterKey><ParameterValue>{level}</ParameterValue></member>"
DECODING, PARSING = (
    (200, STACKS.format(parameters=PARAMETER.format(level="decode"))),
    (200, STACKS.format(parameters="")),
)
MISSING = (
    400,
    "<ErrorResponse><Error><Code>ValidationError</Code><Message>no such stack</Message></Error></ErrorResponse>",
)


def check(environment: pytest.MonkeyPatch, deployed: tuple[int, str], verify: str, **parameters: str) -> None:
    with aws_stand_in(*deployed) as url:
        environment.setenv("AWS_ENDPOINT_URL_CLOUDFORMATION", url)
        check_verification("dev", verify, parameters)


@pytest.mark.parametrize("deployed", [DECODING, PARSING, MISSING], ids=["decoding", "parsing", "missing"])
@pytest.mark.parametrize("verify", ["decode", "structure"])
def test_level_is_accepted_when_it_is_named(
    environment: pytest.MonkeyPatch, deployed: tuple[int, str], verify: str
) -> None:
    check(environment, deployed, verify)
    check(environment, deployed, verify, Verify=verify)


def test_level_is_left_out_where_the_stack_does_not_decode(environment: pytest.MonkeyPatch) -> None:
    check(environment, PARSING, "")
    check(environment, MISSING, "", Verify="structure")


@pytest.mark.parametrize(
    ("verify", "parameters", "said"),
    [
        ("Decode", {}, "VERIFY=Decode: expected structure or decode."),
        ("on", {}, "VERIFY=on: expected structure or decode."),
        ("", {}, "The stack dev decodes images, and without VERIFY it would not any more. Add VERIFY=decode"),
        ("", {"Verify": "decode"}, "Verify=decode needs another artifact than VERIFY=structure builds."),
        ("decode", {"Verify": "structure"}, "make deploy VERIFY=structure"),
    ],
)
def test_level_is_refused_when_artifact_parameter_and_stack_differ(
    environment: pytest.MonkeyPatch, verify: str, parameters: dict[str, str], said: str
) -> None:
    with pytest.raises(VerificationError) as refused:
        check(environment, DECODING, verify, **parameters)
    assert said in str(refused.value)

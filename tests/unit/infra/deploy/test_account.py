"""The check of region and credentials before `make deploy` builds, against an STS on loopback."""

import pytest
from infra.deploy.__main__ import main
from infra.deploy.account import Account, AccountError, identify

from support.aws_stand_in import IDENTITY, aws_stand_in

FAULT = """<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type>
<Code>{code}</Code><Message>from STS</Message></Error></ErrorResponse>"""


def test_identify_returns_account_region_and_caller(environment: pytest.MonkeyPatch) -> None:
    with aws_stand_in(200, IDENTITY) as url:
        environment.setenv("AWS_ENDPOINT_URL_STS", url)

        assert identify() == Account("123456789012", "eu-central-1", "arn:aws:iam::123456789012:user/ops")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("ExpiredToken", "The AWS credentials have expired. Sign in again"),
        ("InvalidClientTokenId", "AWS rejects the credentials (InvalidClientTokenId)."),
        ("SignatureDoesNotMatch", "AWS rejects the credentials (SignatureDoesNotMatch)."),
        ("RegionDisabledException", "AWS answered RegionDisabledException: from STS"),
    ],
)
def test_identify_explains_what_sts_rejects(environment: pytest.MonkeyPatch, code: str, expected: str) -> None:
    with aws_stand_in(403, FAULT.format(code=code)) as url:
        environment.setenv("AWS_ENDPOINT_URL_STS", url)

        with pytest.raises(AccountError) as error:
            identify()
    assert str(error.value).startswith(expected)


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (["AWS_DEFAULT_REGION"], "No AWS region is set. Set one: export AWS_REGION="),
        (["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"], "No AWS credentials were found. Sign in"),
        (["AWS_SECRET_ACCESS_KEY"], "The AWS credentials or the region cannot be used: Partial credentials found"),
        ([], "AWS cannot be reached: Could not connect to the endpoint URL"),
    ],
)
def test_identify_explains_what_the_environment_lacks(
    environment: pytest.MonkeyPatch, missing: list[str], expected: str
) -> None:
    for name in missing:
        environment.delenv(name)

    with pytest.raises(AccountError) as error:
        identify()

    assert str(error.value).startswith(expected)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("AWS_PROFILE", "nobody", "The config profile (nobody) could not be found. List those that exist: "),
        ("AWS_DEFAULT_REGION", "eu_central!", "The AWS credentials or the region cannot be used: "),
    ],
)
def test_identify_explains_a_wrong_profile_or_region(
    environment: pytest.MonkeyPatch, name: str, value: str, expected: str
) -> None:
    environment.setenv(name, value)

    with pytest.raises(AccountError) as error:
        identify()

    assert str(error.value).startswith(expected)


def test_deploy_says_where_the_stack_goes(environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with aws_stand_in(200, IDENTITY) as url:
        environment.setenv("AWS_ENDPOINT_URL_STS", url)

        assert main("dev") == 0

    assert capsys.readouterr().out == (
        "Deploying the stack dev to account 123456789012, eu-central-1, as arn:aws:iam::123456789012:user/ops\n"
    )


@pytest.mark.parametrize("stack", ["", "9dev", "dev_1", "-dev", "d" * 129, "dev prod"])
def test_deploy_rejects_a_wrong_stack_name_before_it_asks_aws(capsys: pytest.CaptureFixture[str], stack: str) -> None:
    assert main(stack) == 1
    assert capsys.readouterr().err.startswith(f"make deploy: STACK={stack} is not a stack name: expected a letter")

"""The check of PARAMETERS before `make deploy` asks AWS."""

import pytest
from infra.deploy.__main__ import main
from infra.deploy.parameters import ParameterError, check_regions, read_parameters

KEY = "arn:aws:kms:us-east-1:123456789012:key/01234567-89ab-cdef-0123-456789abcdef"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["MaxPerOrigin=8", "Contact=a=b"], {"MaxPerOrigin": "8", "Contact": "a=b"}),
        (["MaxPerOrigin=8 Refresh=always"], {"MaxPerOrigin": "8", "Refresh": "always"}),
        (["ParameterKey=Refresh,ParameterValue=always"], {"Refresh": "always"}),
        (['KmsKeyArn=""', "Refresh='always'"], {"KmsKeyArn": "", "Refresh": "always"}),
        (['Contact="ops team, second floor"'], {"Contact": "ops team, second floor"}),
        (["file://parameters.yaml"], {}),
        ([], {}),
    ],
)
def test_parameters_are_read_as_sam_reads_them(texts: list[str], expected: dict[str, str]) -> None:
    assert read_parameters(texts) == expected


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (["Contact=ops", "team"], "team: expected Name=value, with quotes around spaces."),
        (["Contact=ops team"], "team: expected Name=value, with quotes around spaces."),
        (['Contact="ops', 'team"'], 'team": expected Name=value, with quotes around spaces.'),
        (["KmsKeyARN=x", "Dashboard=no"], "KmsKeyARN: the template has no such parameter. Did you mean KmsKeyArn?"),
        (["KmsKeyARN=x", "Dashboard=no"], "Dashboard=no: expected one of on, off."),
        (["Architecture=x86_64"], "Architecture: set the variable of make in its place, ARCH=x86_64."),
    ],
)
def test_deploy_names_every_fault_before_it_asks_aws(
    capsys: pytest.CaptureFixture[str], parameters: list[str], said: str
) -> None:
    assert main("dev", parameters) == 1

    printed = capsys.readouterr().err
    assert printed.startswith("make deploy: PARAMETERS cannot be deployed:\n  ")
    assert f"\n  {said}\n" in printed
    assert printed.endswith("Nothing was built or deployed.\n")


@pytest.mark.parametrize(
    "parameter", [("KmsKeyArn", KEY), ("AlarmTopicArn", "arn:aws:sns:us-east-1:123456789012:on-call")]
)
def test_key_and_topic_must_be_in_the_region_of_the_stack(parameter: tuple[str, str]) -> None:
    check_regions(dict([parameter]), "us-east-1")
    check_regions({parameter[0]: ""}, "eu-central-1")

    with pytest.raises(
        ParameterError, match=f"{parameter[0]}=arn.*: expected an ARN of eu-central-1, the region of the"
    ):
        check_regions(dict([parameter]), "eu-central-1")

"""`Config` with VERIFY=decode: the memory that the decoders take, and the packages that they need."""

import pytest

from intake.decode import requirements
from intake.model.limits import MIB
from intake.model.verification import Verification
from intake.settings.config import Config, ConfigError

BUCKET = {"IMAGE_BUCKET": "images-bucket"}


def read(**variables: str) -> Config:
    return Config.from_environment(BUCKET | {"VERIFY": "decode"} | variables)


def fault_of(**variables: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(**variables)
    [fault] = caught.value.faults
    return fault


@pytest.mark.parametrize(
    ("memory", "variables", "expected"),
    [
        ("1769", {}, (1769 - 192 - 256 - 40) * MIB - 400_000_000),
        ("3008", {"MAX_IMAGE_PIXELS": "100000000"}, (3008 - 192 - 256 - 40) * MIB - 800_000_000),
        ("512", {"MAX_IMAGE_PIXELS": "1000", "MAX_IMAGE_BYTES": str(MIB)}, (512 - 192 - 256 - 2) * MIB - 8000),
    ],
)
def test_memory_budget_is_smaller_when_decoders_need_memory(
    memory: str, variables: dict[str, str], expected: int
) -> None:
    found = read(AWS_LAMBDA_FUNCTION_MEMORY_SIZE=memory, **variables)
    assert found.verification is Verification.DECODE
    assert found.limits.memory_budget_bytes == expected * 3 // 4


@pytest.mark.parametrize(
    ("memory", "variables", "needed"),
    [
        ("512", {}, 890),
        ("1024", {"MAX_IMAGE_PIXELS": "80000000"}, 1119),
        ("1024", {"MEMORY_BUDGET_BYTES": str(200 * MIB)}, 1070),
    ],
)
def test_config_names_the_memory_that_the_decoders_need(memory: str, variables: dict[str, str], needed: int) -> None:
    fault = fault_of(AWS_LAMBDA_FUNCTION_MEMORY_SIZE=memory, **variables)
    assert f"expected MemorySize={needed} or more, or a smaller MAX_IMAGE_PIXELS" in fault
    assert read(AWS_LAMBDA_FUNCTION_MEMORY_SIZE=str(needed), **variables)


@pytest.mark.parametrize("pixels", ["50000000", "400000000"])
def test_decoders_take_no_memory_of_bodies_outside_lambda(pixels: str) -> None:
    """No function limits the memory, and nobody could set its size."""
    without = read(MAX_IMAGE_PIXELS=pixels, VERIFY="structure")
    assert without.limits == read(MAX_IMAGE_PIXELS=pixels).limits


def test_config_says_what_to_run_when_the_artifact_has_no_decoders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requirements, "PACKAGES", ("PIL", "no_such_package", "no_other_package"))
    fault = fault_of(AWS_LAMBDA_FUNCTION_MEMORY_SIZE="2000")
    assert "not installed (no_such_package, no_other_package): expected an artifact with decoders" in fault
    assert "make deploy VERIFY=decode" in fault

"""The settings: what they are by default, and everything that is wrong with them at once."""

import re
from dataclasses import fields, replace
from ipaddress import ip_network
from typing import Any

import pytest

from intake.config import SETTINGS, VARIABLES, Config, ConfigError
from intake.model.limits import MIB, Limits
from intake.settings import LIMITS

BUCKET = {"IMAGE_BUCKET": "images-bucket"}
DEFAULTS = {
    "max_base_images": 100,
    "max_image_bytes": 20 * 1024 * 1024,
    "max_image_pixels": 50_000_000,
    "max_image_frames": 1000,
    "image_types": ("jpeg", "png", "gif", "webp", "bmp", "tiff", "avif"),
    "max_in_flight": 64,
    "max_per_origin": 64,
    "connect_timeout": 3.0,
    "read_timeout": 5.0,
    "image_timeout": 15.0,
    "max_attempts": 3,
    "max_redirects": 5,
    "allowed_hosts": (),
    "allowed_ports": (80, 443),
    "allowed_networks": (),
    "deadline_margin": 1.0,
}


def read(**variables: str) -> Config:
    return Config.from_environment(BUCKET | variables)


def faults_of(variables: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Config.from_environment(variables)
    assert str(caught.value) == "; ".join(caught.value.faults)
    return caught.value.faults


def test_every_setting_has_the_default_of_the_design() -> None:
    config = read()
    assert {name: getattr(config.limits, name) for name in DEFAULTS} == DEFAULTS
    assert (config.image_bucket, config.contact) == ("images-bucket", "")
    assert {field.name for field in fields(Limits)} == {*DEFAULTS, "memory_budget_bytes"}


def test_a_setting_that_is_empty_or_blank_is_left_out() -> None:
    assert Config.from_environment(dict.fromkeys(VARIABLES, " ") | BUCKET) == read()


def test_every_bound_has_a_setting() -> None:
    assert {field.name.upper() for field in fields(Limits)} == {setting.name for setting in LIMITS}


@pytest.mark.parametrize(
    ("expected", "name", "text"),
    [
        (7, "MAX_BASE_IMAGES", "7"),
        (1, "MAX_IMAGE_BYTES", "1"),
        (10**10, "MAX_IMAGE_PIXELS", "10000000000"),
        (5, "MAX_IMAGE_FRAMES", " 5 "),
        (("png", "avif"), "IMAGE_TYPES", "png, avif,"),
        (8, "MAX_IN_FLIGHT", "8"),
        (8, "MAX_PER_ORIGIN", "8"),
        (30 * MIB, "MEMORY_BUDGET_BYTES", "31457280"),
        (0.5, "CONNECT_TIMEOUT", "0.5"),
        (900.0, "READ_TIMEOUT", "900"),
        (20.0, "IMAGE_TIMEOUT", "20"),
        (1, "MAX_ATTEMPTS", "1"),
        (0, "MAX_REDIRECTS", "0"),
        (("a.example", "*.cdn.example"), "ALLOWED_HOSTS", "A.example,*.CDN.example"),
        (("localhost", "a_b-c", "192.0.2.1"), "ALLOWED_HOSTS", "localhost,a_b-c,192.0.2.1"),
        ((8080,), "ALLOWED_PORTS", "8080"),
        (
            (ip_network("10.1.0.0/16"), ip_network("fd00::/8"), ip_network("127.0.0.1/32")),
            "ALLOWED_NETWORKS",
            "10.1.0.0/16,fd00::/8,127.0.0.1",
        ),
        ((ip_network("10.0.0.0/8"),), "ALLOWED_NETWORKS", "10.1.2.3/8"),
        (0.2, "DEADLINE_MARGIN", "0.2"),
    ],
)
def test_a_setting_is_read_into_what_it_means(expected: object, name: str, text: str) -> None:
    changed: dict[str, Any] = {name.lower(): expected}
    assert read(**{name: text}).limits == replace(read().limits, **changed)


def test_the_contact_is_printable_ascii() -> None:
    assert read(CONTACT="https://a.example/bot").contact == "https://a.example/bot"


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("IMAGE_BUCKET", ["ab", "-bucket", "Images-Bucket", "a/b", "a b", "x" * 64]),
        ("MAX_BASE_IMAGES", ["0", "1001", "ten", "1.5", "-1"]),
        ("MAX_IMAGE_BYTES", ["0", "1073741825", "20 MiB"]),
        ("MAX_IMAGE_PIXELS", ["0", "10000000001"]),
        ("MAX_IMAGE_FRAMES", ["0", "1000001"]),
        ("IMAGE_TYPES", ["svg", "jpeg;png", "JPEG", ","]),
        ("MAX_IN_FLIGHT", ["0", "1025"]),
        ("MAX_PER_ORIGIN", ["0", "1025"]),
        ("MEMORY_BUDGET_BYTES", ["0", "10737418241"]),
        ("CONNECT_TIMEOUT", ["0", "-1", "901", "nan", "inf", "3s"]),
        ("READ_TIMEOUT", ["0"]),
        ("IMAGE_TIMEOUT", ["ten"]),
        ("MAX_ATTEMPTS", ["0", "11"]),
        ("MAX_REDIRECTS", ["-1", "21"]),
        (
            "ALLOWED_HOSTS",
            ["*", "*.", "a.*.example", "*a.example", "https://a.example", "a.example:80", "a..b", ",", "ä"],
        ),
        ("ALLOWED_PORTS", ["0", "65536", "http", "80-90", ", ,"]),
        ("ALLOWED_NETWORKS", ["10.1.0.0/33", "10.1/16", "a.example", "fe80::1%eth0/64x", ","]),
        ("CONTACT", ["a\nb", "ä@a.example", "a\x00"]),
        ("DEADLINE_MARGIN", ["0"]),
    ],
)
def test_a_text_that_does_not_fit_is_named_with_what_is_wanted(name: str, texts: list[str]) -> None:
    wanted = next(setting.expected for setting in SETTINGS if setting.name == name)
    for text in texts:
        assert faults_of(BUCKET | {name: text}) == [f"{name} is {text!r}, want {wanted}"]


def test_every_fault_is_named_at_once() -> None:
    faults = faults_of({name: "?\n?" for name in VARIABLES if name != "IMAGE_BUCKET"})
    assert [re.split(" is ", fault)[0] for fault in faults] == list(VARIABLES)
    assert faults[0] == "IMAGE_BUCKET is missing, want the name of a bucket"


@pytest.mark.parametrize(
    ("expected", "memory"),
    [
        ((1769 - 192) * MIB * 3 // 4, "1769"),
        (240 * MIB, "512"),
        ((1024 - 192) * MIB * 3 // 4, None),
        (20 * MIB, "128"),
        (20 * MIB, "192"),
    ],
)
def test_the_memory_budget_follows_the_functions_memory(expected: int, memory: str | None) -> None:
    """And has always room for one image."""
    environment = {} if memory is None else {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory}
    assert read(**environment).limits.memory_budget_bytes == expected


def test_the_memory_budget_has_room_for_the_largest_image_that_is_taken() -> None:
    config = read(MAX_IMAGE_BYTES=str(250 * MIB), AWS_LAMBDA_FUNCTION_MEMORY_SIZE="512")
    assert config.limits.memory_budget_bytes == 250 * MIB


def test_a_budget_that_is_set_stands() -> None:
    config = read(MEMORY_BUDGET_BYTES="1000", AWS_LAMBDA_FUNCTION_MEMORY_SIZE="512")
    assert config.limits.memory_budget_bytes == 1000


def test_the_environment_is_the_processs_own_unless_another_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_BUCKET", "from-the-environment")
    assert Config.from_environment().image_bucket == "from-the-environment"


@pytest.mark.parametrize(
    ("fault", "environment"),
    [
        (
            "INBOX_BUCKET is IMAGE_BUCKET, want another: what is stored must not be taken in again",
            {"INBOX_BUCKET": "images-bucket"},
        ),
        (
            "MEMORY_BUDGET_BYTES is 999999999, want no more than the function's memory, 268435456",
            {"MEMORY_BUDGET_BYTES": "999999999", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256"},
        ),
        (
            "MAX_IMAGE_BYTES is 300000000, want no more than half of the function's memory, 268435456",
            {"MAX_IMAGE_BYTES": "300000000", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512"},
        ),
    ],
)
def test_settings_that_contradict_each_other_are_faults(fault: str, environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError) as refused:
        read(**environment)
    assert refused.value.faults == [fault]


@pytest.mark.parametrize("text", ["1_0", "\u0663", "+5", "1e1", "0x10", "5.0"])
def test_a_number_is_written_in_digits(text: str) -> None:
    with pytest.raises(ConfigError, match="MAX_ATTEMPTS"):
        read(MAX_ATTEMPTS=text)

"""`Config` and the table of settings: defaults, parsing, and every fault named at once."""

import re
from dataclasses import fields, replace
from ipaddress import ip_network
from typing import Any

import pytest

from intake.model.limits import MIB, Limits
from intake.model.refresh import Refresh
from intake.model.source_bucket import SourceBucket
from intake.model.verification import Verification
from intake.settings import config
from intake.settings.config import Config, ConfigError
from intake.settings.table import LIMITS, SETTINGS, VARIABLES, Setting
from intake.settings.types import whole_number

BUCKET = {"IMAGE_BUCKET": "images-bucket"}
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:image-hosts-AbC123"
DEFAULTS = {
    "max_base_images": 100,
    "max_image_bytes": 20 * 1024 * 1024,
    "max_image_pixels": 50_000_000,
    "min_image_pixels": 0,
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
    "respect_robots_tag": (),
    "deadline_margin": 1.0,
}


def read(**variables: str) -> Config:
    return Config.from_environment(BUCKET | variables)


def faults_of(variables: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        Config.from_environment(variables)
    assert str(caught.value) == "; ".join(caught.value.faults)
    return caught.value.faults


def test_config_has_the_documented_defaults() -> None:
    found = read()
    assert {name: getattr(found.limits, name) for name in DEFAULTS} == DEFAULTS
    assert (found.image_bucket, found.contact) == ("images-bucket", "")
    assert (found.refresh, found.known_images, found.source_buckets) == (Refresh.REVALIDATE, True, ())
    assert (found.source_hosts, found.source_secret_arn) == ((), "")
    assert found.verification is Verification.STRUCTURE
    assert {field.name for field in fields(Limits)} == {*DEFAULTS, "memory_budget_bytes"}


def test_config_takes_the_default_when_a_variable_is_blank() -> None:
    assert Config.from_environment(dict.fromkeys(VARIABLES, " ") | BUCKET) == read()


def test_every_limit_has_a_setting_and_every_setting_its_limit() -> None:
    table = {setting.name: setting.default for setting in LIMITS}
    assert table == {field.name.upper(): getattr(Limits(), field.name) for field in fields(Limits)}


def test_config_names_a_setting_that_has_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Setting("MAX_UNKNOWN", whole_number(1, 9), 1, "A setting without a field in Limits.")
    monkeypatch.setattr(config, "LIMITS", (*LIMITS, row))
    monkeypatch.setattr(config, "SETTINGS", (*SETTINGS, row))
    with pytest.raises(TypeError, match="max_unknown"):
        read()


@pytest.mark.parametrize(
    ("expected", "name", "text"),
    [
        (7, "MAX_BASE_IMAGES", "7"),
        (1, "MAX_IMAGE_BYTES", "1"),
        (10**10, "MAX_IMAGE_PIXELS", "10000000000"),
        (2, "MIN_IMAGE_PIXELS", "2"),
        (0, "MIN_IMAGE_PIXELS", "0"),
        (5, "MAX_IMAGE_FRAMES", " 5 "),
        (("noai",), "RESPECT_ROBOTS_TAG", "noai"),
        (("noindex", "noimageai"), "RESPECT_ROBOTS_TAG", "noindex, noimageai,"),
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
def test_config_parses_a_setting(expected: object, name: str, text: str) -> None:
    changed: dict[str, Any] = {name.lower(): expected}
    assert read(**{name: text}).limits == replace(read().limits, **changed)


@pytest.mark.parametrize("refresh", Refresh)
@pytest.mark.parametrize(("expected", "text"), [(True, "on"), (False, "off")])
def test_config_parses_what_is_used_of_known_images(refresh: Refresh, expected: bool, text: str) -> None:  # noqa: FBT001 - a case
    found = read(REFRESH=f" {refresh.value}", KNOWN_IMAGES=text)
    assert (found.refresh, found.known_images) == (refresh, expected)


def test_config_parses_source_buckets() -> None:
    found = read(SOURCE_BUCKETS="my-photos, my.scans@eu-west-1,my-photos,").source_buckets
    assert found == (SourceBucket("my-photos"), SourceBucket("my.scans", "eu-west-1"))


@pytest.mark.parametrize("text", ["a.example,b.example", "A.Example, B.example,", "a.example,\tb.EXAMPLE"])
def test_config_parses_private_hosts_and_their_secret(text: str) -> None:
    found = read(SOURCE_HOSTS=text, SOURCE_SECRET_ARN=f" {SECRET} ")
    assert (found.source_hosts, found.source_secret_arn) == (("a.example", "b.example"), SECRET)


@pytest.mark.parametrize(
    "text",
    [
        '{"a.example": {"bearer": "canary"}}',
        *("canary", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:canary", f"{SECRET}*", f"{SECRET},canary"),
    ],
)
def test_config_does_not_quote_what_may_be_the_secret_itself(text: str) -> None:
    assert faults_of(BUCKET | {"SOURCE_HOSTS": "a.example", "SOURCE_SECRET_ARN": text}) == [
        "SOURCE_SECRET_ARN: expected the whole ARN of a secret of AWS Secrets Manager, got another text"
    ]


def test_config_accepts_a_contact() -> None:
    assert read(CONTACT="https://a.example/bot").contact == "https://a.example/bot"


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("IMAGE_BUCKET", ["ab", "-bucket", "Images-Bucket", "a/b", "a b", "x" * 64]),
        ("MAX_BASE_IMAGES", ["0", "1001", "ten", "1.5", "-1"]),
        ("MAX_IMAGE_BYTES", ["0", "1073741825", "20 MiB"]),
        ("MAX_IMAGE_PIXELS", ["0", "10000000001"]),
        ("MIN_IMAGE_PIXELS", ["-1", "10000000001", "1x1"]),
        ("MAX_IMAGE_FRAMES", ["0", "1000001"]),
        ("RESPECT_ROBOTS_TAG", ["none", "NoAI", "noai;noindex", "on", ","]),
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
        (
            "SOURCE_HOSTS",
            ["*", "*.a.example", "a.example,*.b.example", "a.example:443", "https://a.example", "a..b", ","],
        ),
        ("REFRESH", ["Always", "never", "always,fresh", "true"]),
        ("KNOWN_IMAGES", ["On", "true", "yes", "1", "on off"]),
        (
            "SOURCE_BUCKETS",
            [",", "a", "my_photos", "s3://my-photos", "my-photos@", "abc,abc@eu-west-1", "*"],
        ),
        ("CONTACT", ["a\nb", "ä@a.example", "a\x00"]),
        ("DEADLINE_MARGIN", ["0"]),
    ],
)
def test_config_names_an_invalid_value_and_what_it_expected(name: str, texts: list[str]) -> None:
    expected = next(setting.expected for setting in SETTINGS if setting.name == name)
    others = BUCKET | ({"SOURCE_SECRET_ARN": SECRET} if name == "SOURCE_HOSTS" else {})
    for text in texts:
        assert faults_of(others | {name: text}) == [f"{name}: expected {expected}, got {text!r}"]


def test_config_names_every_fault_at_once() -> None:
    faults = faults_of({name: "?\n?" for name in VARIABLES if name != "IMAGE_BUCKET"})
    assert [re.split("[: ]", fault)[0] for fault in faults] == list(VARIABLES)
    assert faults[0] == "IMAGE_BUCKET is missing: expected the name of a bucket"


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
def test_memory_budget_follows_the_functions_memory_and_holds_one_image(expected: int, memory: str | None) -> None:
    environment = {} if memory is None else {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE": memory}
    assert read(**environment).limits.memory_budget_bytes == expected


def test_memory_budget_holds_the_largest_image_when_that_is_set() -> None:
    found = read(MAX_IMAGE_BYTES=str(250 * MIB), AWS_LAMBDA_FUNCTION_MEMORY_SIZE="512")
    assert found.limits.memory_budget_bytes == 250 * MIB


def test_memory_budget_is_the_one_that_is_set() -> None:
    found = read(MEMORY_BUDGET_BYTES="1000", AWS_LAMBDA_FUNCTION_MEMORY_SIZE="512")
    assert found.limits.memory_budget_bytes == 1000


@pytest.mark.parametrize(
    ("expected", "per_origin", "functions"), [(64, "64", "1"), (4, "128", "32"), (1, "8", "9"), (3, "100", "33")]
)
def test_functions_that_run_at_once_share_the_limit_of_an_origin(
    expected: int, per_origin: str, functions: str
) -> None:
    assert read(MAX_PER_ORIGIN=per_origin, CONCURRENT_FUNCTIONS=functions).limits.max_per_origin == expected


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", "10001"])
def test_config_names_an_invalid_number_of_functions(text: str) -> None:
    fault = f"CONCURRENT_FUNCTIONS: expected a whole number from 1 to 10000, got {text!r}"
    assert faults_of(BUCKET | {"CONCURRENT_FUNCTIONS": text}) == [fault]


def test_config_reads_the_environment_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGE_BUCKET", "from-the-environment")
    assert Config.from_environment().image_bucket == "from-the-environment"


@pytest.mark.parametrize("text", ["1_0", "\u0663", "+5", "1e1", "0x10", "5.0"])
def test_config_rejects_a_number_that_is_not_plain_digits(text: str) -> None:
    with pytest.raises(ConfigError, match="MAX_ATTEMPTS"):
        read(MAX_ATTEMPTS=text)

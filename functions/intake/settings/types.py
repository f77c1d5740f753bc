"""The types of settings: each parses the text of an environment variable, and says what it expects."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intake.model.source_bucket import SourceBucket

_DIGITS = re.compile(r"[0-9]{1,20}")
_DECIMAL = re.compile(r"[0-9]{1,4}(\.[0-9]{1,6})?")
_HOST = re.compile(r"(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SECRET_ARN = re.compile(
    r"arn:aws[a-z-]*:secretsmanager:[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]{1,512}-[A-Za-z0-9]{6}"
)


@dataclass(frozen=True, slots=True)
class SettingType[T]:
    """The syntax of a setting.

    Attributes:
        parse: turns the text of the variable into a value, or raises ValueError.
        expected: what the text must be, for error messages and the docs.
        is_shown: whether an error message quotes a text that is not valid.
    """

    parse: Callable[[str], T]
    expected: str
    is_shown: bool = True


def whole_number(minimum: int, maximum: int) -> SettingType[int]:
    return SettingType(_integer_parser(minimum, maximum), f"a whole number from {minimum} to {maximum}")


def byte_count(maximum: int) -> SettingType[int]:
    return SettingType(_integer_parser(1, maximum), f"bytes, 1 to {maximum}")


def seconds(maximum: int) -> SettingType[float]:
    def parse(text: str) -> float:
        if not _DECIMAL.fullmatch(text) or not 0 < float(text) <= maximum:
            raise ValueError(text)
        return float(text)

    return SettingType(parse, f"seconds, more than 0 and at most {maximum}")


def one_or_more_of(choices: tuple[str, ...]) -> SettingType[tuple[str, ...]]:
    def parse(text: str) -> str:
        if text not in choices:
            raise ValueError(text)
        return text

    return SettingType(_list_parser(parse), f"some of {','.join(choices)}")


def one_of[T](choices: Mapping[str, T]) -> SettingType[T]:
    """Return the type of a setting that is one of these texts, each with its value."""

    def parse(text: str) -> T:
        if text not in choices:
            raise ValueError(text)
        return choices[text]

    return SettingType(parse, f"one of {', '.join(choices)}")


def _integer_parser(minimum: int, maximum: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        # int() alone accepts signs, underscores and the digits of other scripts.
        if not _DIGITS.fullmatch(text) or not minimum <= int(text) <= maximum:
            raise ValueError(text)
        return int(text)

    return parse


def _list_parser[T](parse: Callable[[str], T]) -> Callable[[str], tuple[T, ...]]:
    def parse_all(text: str) -> tuple[T, ...]:
        items = tuple(parse(item.strip()) for item in text.split(",") if item.strip())
        if not items:
            # Only commas: this must not become an empty list, which means "any" for some settings.
            raise ValueError(text)
        return items

    return parse_all


def _parse_bucket(text: str) -> str:
    if not _BUCKET.fullmatch(text):
        raise ValueError(text)
    return text


def _parse_source_buckets(text: str) -> "tuple[SourceBucket, ...]":
    from intake.model.source_bucket import SourceBucket  # noqa: PLC0415 - few deployments have source buckets

    buckets = tuple(dict.fromkeys(_list_parser(SourceBucket.parse)(text)))
    if len({bucket.name for bucket in buckets}) < len(buckets):
        raise ValueError(text)
    return buckets


def _parse_host(text: str) -> str:
    if not _HOST.fullmatch(text.lower()):
        raise ValueError(text)
    return text.lower()


def _parse_exact_host(text: str) -> str:
    if "*" in text:  # the headers would go to hosts that nobody has named
        raise ValueError(text)
    return _parse_host(text)


def _parse_secret_arn(text: str) -> str:
    if not _SECRET_ARN.fullmatch(text):
        raise ValueError(text)
    return text


def _parse_network(text: str) -> IPv4Network | IPv6Network:
    return ip_network(text, strict=False)  # not strict: 10.1.2.3/8 is accepted as 10.0.0.0/8


def _parse_contact(text: str) -> str:
    if not (text.isascii() and text.isprintable()):
        raise ValueError(text)
    return text


BUCKET = SettingType(_parse_bucket, "the name of a bucket")
OTHER_BUCKET = SettingType(_parse_bucket, "the name of a bucket, not that of IMAGE_BUCKET")
SOURCE_BUCKETS = SettingType(
    _parse_source_buckets,
    "buckets separated by commas, each `name` or `name@region`, such as my-photos@eu-central-1, with one region",
)
HOSTS = SettingType(
    _list_parser(_parse_host), "host names separated by commas; *.cdn.example for all names below cdn.example"
)
EXACT_HOSTS = SettingType(_list_parser(_parse_exact_host), "host names separated by commas, without *")
# Somebody may set the secret itself in place of its name.
SECRET_ARN = SettingType(_parse_secret_arn, "the whole ARN of a secret of AWS Secrets Manager", is_shown=False)
PORTS = SettingType(_list_parser(_integer_parser(1, 65535)), "port numbers separated by commas")
NETWORKS = SettingType(_list_parser(_parse_network), "CIDRs separated by commas, such as 10.1.0.0/16")
SWITCH = one_of({"on": True, "off": False})
CONTACT = SettingType(_parse_contact, "printable ASCII: a URL or an email address")

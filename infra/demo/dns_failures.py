"""Distinguishes a machine without DNS from hosts that do not exist, as far as a receipt shows it."""

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

CODE = "dns_failure"


def find_unresolved(images: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return all host names of the images if none of them was resolved; else an empty list."""
    named = [image for image in images if _is_name(_host(image))]
    if not named or not all(_has_dns_failure(image) for image in named):
        return []
    return sorted({_host(image) for image in named})


def without_dns_failures(images: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the images that did not fail with a DNS error."""
    return [image for image in images if not _has_dns_failure(image)]


def describe_unresolved(hosts: Sequence[str]) -> str:
    """Return a message that no host was resolved, with the likely causes."""
    return (
        f"None of the File's hosts could be resolved: {', '.join(hosts)}.\n"
        "  Does this machine have a network connection and a DNS server?"
    )


def _has_dns_failure(image: Mapping[str, Any]) -> bool:
    return bool(image["status"] == "failed" and image["error"]["code"] == CODE)


def _host(image: Mapping[str, Any]) -> str:
    try:
        return urlsplit(str(image["url"])).hostname or ""
    except ValueError:
        return ""


def _is_name(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return bool(host)
    return False

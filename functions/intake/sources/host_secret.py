"""Parses the secret with the headers of all hosts: `{"images.example": {"bearer": "…"}, …}`."""

import json
from collections import Counter
from collections.abc import Collection, Mapping

from intake.model.error_codes import InvalidUrl
from intake.model.host import parse_host
from intake.sources.host_headers import REPEATED, HostHeaders, InvalidEntry, describe, parse_host_headers

type Credentials = Mapping[str, HostHeaders | str]
"""For each host its headers, or why it has none."""


def parse_secret(value: str | bytes, hosts: Collection[str]) -> Credentials:
    """Parse the secret. A fault in the entry of one host does not concern the others.

    Args:
        value: its text, or its binary value, which must be the text in UTF-8.
        hosts: the setting SOURCE_HOSTS. Other entries are ignored.
    """
    document = _load(value)
    if not isinstance(document, dict):
        reason = f"the secret: expected a JSON object with an entry for each host, got {document}"
        return dict.fromkeys(hosts, reason)
    entries: dict[str, object] = {}
    for name, entry in document.items():
        host = _normalize(name)
        entries[host] = REPEATED if host in entries else entry
    return {host: _parse_entry(host, entries) for host in hosts}


def _load(value: str | bytes) -> dict[str, object] | str:
    """Return the object, or what there is instead. The error of the parser has the whole secret, so it stays here."""
    try:
        text = value if isinstance(value, str) else value.decode()
        document = json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_to_object)
    except json.JSONDecodeError as error:
        return f"text that is not JSON from line {error.lineno} column {error.colno} on"
    except UnicodeDecodeError:
        return "bytes that are not UTF-8"
    except RecursionError:
        return "too many levels of objects and lists"
    except ValueError:
        return "a number of too many digits"
    return document if isinstance(document, dict) else describe(document)


def _to_object(members: list[tuple[str, object]]) -> dict[str, object]:
    """Make an object. The parser would keep the last of two members with one name without a word."""
    counts = Counter([name for name, _ in members])
    return {name: REPEATED if counts[name] > 1 else value for name, value in members}


def _normalize(name: str) -> str:
    """Return a host as a parsed URL has it; the name itself if it is no host, which no URL has."""
    try:
        return parse_host(name)
    except InvalidUrl:
        return name


def _parse_entry(host: str, entries: Mapping[str, object]) -> HostHeaders | str:
    if host not in entries:
        return f"the secret has no entry for {host}"
    try:
        return parse_host_headers(entries[host])
    except InvalidEntry as error:
        return f"the entry for {host} in the secret: {error}"

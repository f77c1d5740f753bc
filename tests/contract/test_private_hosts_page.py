"""docs/private-origins.md: the secret that it shows is valid, and it says what the code does."""

import json
import re

import pytest
from infra.build.template_file import ROOT

from intake.sources.host_credentials import SECONDS_BETWEEN_READS
from intake.sources.host_headers import HostHeaders, InvalidEntry, parse_host_headers
from intake.sources.host_secret import parse_secret
from intake.sources.secret_reader import MAX_AGE_SECONDS

PAGE = (ROOT / "docs" / "private-origins.md").read_text()
SECRET = PAGE.partition("cat >image-hosts.json <<'END'\n")[2].partition("\nEND\n")[0]
ROW = re.compile(r"^\| ((?:`\{.*?\}`(?: or )?)+) \| (.*) \|$", re.MULTILINE)


def test_secret_of_the_page_has_a_valid_entry_for_each_host_that_the_page_deploys() -> None:
    [hosts] = re.findall(r'PARAMETERS="SourceHosts=(\S+) ', PAGE)
    found = parse_secret(SECRET, hosts.split(","))

    assert found.keys() == json.loads(SECRET).keys()
    assert {type(headers) for headers in found.values()} == {HostHeaders}


def test_page_shows_every_kind_of_entry_and_its_header() -> None:
    shown = {entry: text for entries, text in ROW.findall(PAGE) for entry in re.findall(r"`(\{.*?\})`", entries)}
    fields = {entry: parse_host_headers(json.loads(entry)).fields for entry in shown}

    assert [next(iter(json.loads(entry))) for entry in shown] == ["bearer", "basic", "basic", "headers"]
    for entry, text in shown.items():
        if "Authorization" in fields[entry]:
            assert f"`Authorization: {fields[entry]['Authorization']}`" in text


def test_headers_that_the_page_excludes_are_refused_and_the_others_are_not() -> None:
    [allowed, refused] = re.findall(r"(`Accept`.*?) may be among them; (.*?) and those of connections", PAGE)[0]
    for name in re.findall(r"`([\w-]+)\*?`", allowed):
        assert parse_host_headers({"headers": {name: "x"}}).fields == {name: "x"}
    names = [name.replace("*", "x") for name in re.findall(r"`([^`]+)`", refused)]
    assert len(names) == 6
    for name in names:
        with pytest.raises(InvalidEntry, match="is not allowed"):
            parse_host_headers({"headers": {name: "x"}})


def test_page_says_how_long_a_value_is_used() -> None:
    assert MAX_AGE_SECONDS + SECONDS_BETWEEN_READS == 5 * 60
    assert SECONDS_BETWEEN_READS == 5
    text = " ".join(PAGE.split())
    assert "uses a value for at most five minutes" in text
    assert "at most once in five seconds for each host" in text

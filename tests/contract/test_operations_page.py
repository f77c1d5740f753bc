"""docs/operations.md matches the code: alarms, metrics, log lines and their fields, queries."""

import io
import json
import re
from types import SimpleNamespace
from typing import Any

import pytest

from intake import app, telemetry
from intake.handlers import bulk, http, queue, s3, summary
from intake.ingest.ports import DocumentFault
from intake.model.error_codes import StoreFailed
from intake.model.url import Url
from support.alarms_and_dashboard import ALARMS, FILE, OUTCOMES, PAGE, RECEIPT, URL, Metric
from support.handler_fakes import install_fakes
from support.lambda_context import Context
from support.lambda_events import INBOX, sqs_event
from support.sample_images import picture


def rows(page: str, heading: str) -> dict[str, list[str]]:
    """Return the rows of the tables of a section, by the name in backquotes in the first cell."""
    section = page.split(f"\n## {heading}\n")[1].split("\n## ", maxsplit=1)[0]
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in section.splitlines() if line[:3] == "| `"
    ]
    return {first.strip("`"): rest for first, *rest in cells}


def test_page_lists_every_alarm_with_the_section_that_it_links_to() -> None:
    documented = {name: cells[-1] for name, cells in rows(PAGE, "Alarms").items()}
    assert documented.keys() == ALARMS.keys()
    sections = re.findall(r"^### (.*)", PAGE, re.MULTILINE)
    anchors = {title.lower().replace(" ", "-") for title in sections}
    for name, alarm in ALARMS.items():
        anchor = re.search(r"See docs/operations\.md#([a-z-]+)$", alarm["AlarmDescription"])
        assert anchor is not None
        assert anchor[1] in anchors
        assert documented[name].endswith(f"(#{anchor[1]})")
    assert anchors == {re.sub(r".*#|\)", "", link) for link in documented.values()}


@pytest.mark.parametrize("word", ["Means:", "Look:", "Do:"])
def test_section_of_an_alarm_says_meaning_query_and_action(word: str) -> None:
    for section in re.findall(r"^### .*\n((?:(?!##).*\n)*)", PAGE, re.MULTILINE):
        assert re.search(rf"^{word}\s", section, re.MULTILINE), section


def test_page_lists_every_metric_with_its_unit(emitted: dict[Metric, str]) -> None:
    documented = {name: cells[0] for name, cells in rows(PAGE, "Metrics").items()}
    assert documented == {name: unit for (_, name, _), unit in emitted.items()}


def record_of(key: str) -> dict[str, Any]:
    return {"eventTime": "2026-11-22T12:00:00.000Z", "s3": {"bucket": {"name": INBOX}, "object": {"key": key}}}


def log_every_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cause every log line of the service."""
    context = Context(60.0)
    with install_fakes(monkeypatch) as behind:
        behind.downloader.results = {URL: picture(4, 3, 1), URL + "?late": StoreFailed()}
        behind.inbox.objects = {"inbox/a.json": json.dumps({"urls": [URL]}).encode()}
        for key in ("inbox/a.json", "elsewhere/a.json"):
            s3.handler({"Records": [record_of(key)]}, context)
        bulk.handler(
            {"Items": [{"url": URL}], "BatchInput": {"run": "r", "startedAt": "2026-11-22T12:00:00Z"}}, context
        )
        behind.store.failures = {"problems/": StoreFailed(reason="S3 answered 503")}
        queue.handler(sqs_event(json.dumps({"urls": [URL]}), json.dumps({"urls": [URL + "?late"]}), "no File"), context)
        kept = SimpleNamespace(reports=lambda _: [], put_lines=lambda *_: False, put_summary=lambda _: None)
        monkeypatch.setattr(app, "bulk_results", lambda: kept)
        summary.handler({"run": "r", "startedAt": "2026-11-22T12:00:00Z", "list": "s3://b/k"}, context)
        for error in (StoreFailed(reason="S3 answered 503"), ZeroDivisionError()):
            behind.store.failures = {"receipts/": error}
            http.handler({"httpMethod": "GET", "path": "/files/a", "headers": {}, "requestContext": {}}, context)
        behind.inbox.failure = StoreFailed(reason="S3 answered 503")
        with pytest.raises(s3.Unfinished):
            s3.handler({"Records": [record_of("inbox/a.json")]}, context)
    level = telemetry.logger.log_level
    telemetry.logger.setLevel("DEBUG")
    telemetry.Telemetry().known_document_unread(DocumentFault.SLOW, "")
    telemetry.logger.setLevel(level)
    telemetry.Telemetry().decoder_unsure(Url.parse("https://a.example/"), "")
    telemetry.Telemetry().file_skipped(FILE)
    telemetry.Telemetry().images_done(FILE, OUTCOMES)
    telemetry.Telemetry().file_done(RECEIPT, None)
    telemetry.Telemetry().file_done(RECEIPT, StoreFailed())


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch, lines: io.StringIO) -> dict[str, dict[str, set[str]]]:
    """Return the fields of every log line and of its entries, by its message and its level."""
    log_every_line(monkeypatch)
    found: dict[str, dict[str, set[str]]] = {}
    for line in map(json.loads, lines.getvalue().splitlines()):
        fields = found.setdefault(line["message"], {}).setdefault(line["level"], set())
        fields.update(line, *line.get("entries", ()))
    return found


COMMANDS = {"fields", "filter", "parse", "stats", "sort", "limit", "display", "unnest"}
GRAMMAR = COMMANDS | {"by", "as", "into", "asc", "desc", "like", "in", "and", "or"}
EVERY = {"level", "message", "timestamp", "service", "request_id"}


def test_page_lists_every_log_line_with_its_level_and_fields(logged: dict[str, dict[str, set[str]]]) -> None:
    documented = {message: cells for message, cells in rows(PAGE, "Log lines").items() if len(cells) == 2}
    assert documented.keys() == logged.keys()
    names = {message: set(re.findall(r"`(\w+)`", cells[1])) for message, cells in documented.items()}
    names["image failed"] -= {"internal_error"}  # a code, not a field
    names["file done, receipt not stored"] = {"code", "reason"} | names["file done"]
    for message, (level, _) in documented.items():
        assert level in logged[message]
        assert set.union(*logged[message].values()) - EVERY == names[message], message
    assert set(logged["image failed"]) == {"INFO", "ERROR"}


def test_page_lists_every_log_field(logged: dict[str, dict[str, set[str]]]) -> None:
    documented = {name for name, cells in rows(PAGE, "Log lines").items() if len(cells) == 1}
    assert documented == set.union(*(fields for levels in logged.values() for fields in levels.values()))


def test_queries_use_existing_fields_and_messages(logged: dict[str, dict[str, set[str]]]) -> None:
    fields = set.union(*(found for levels in logged.values() for found in levels.values()))
    blocks = re.findall(r"^```(\w*)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    queries = [text for language, text in blocks if not language]
    assert len(queries) >= 8
    of_lambda = {"@timestamp", "@message", "record.status", "record.errorType", "errorType", "errorMessage"}
    for query in queries:
        own = set(re.findall(r"\w+", " ".join(re.findall(r"\b(?:as|into) ((?:\w+, )*\w+)", query))))
        bare = re.sub(r"\"[^\"]*\"|/(?:[^/\\]|\\.)*/|\b(?:count|pct|bin|ispresent|jsonParse)\(|\b\d\w*", " ", query)
        bare = re.sub(r"\b(?:line|image)\.", " ", bare)  # objects, whose members are fields
        words = set(re.findall(r"[@a-zA-Z][\w.]*", bare))
        assert words - GRAMMAR - own - fields - of_lambda == set(), query
        assert set(re.findall(r"message = \"([^\"]*)\"", query)) <= logged.keys()

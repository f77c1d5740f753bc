"""No source, test or page uses a word that the project has replaced by a standard term.

The list holds words that a regular expression can tell apart. A reviewed exception names a file and a text in it.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from infra.build.template_file import ROOT

FOLDERS = {
    "functions": ["functions"],
    "infra": ["infra", "template.yaml", "Makefile"],
    "tests": ["tests"],
    "docs": ["docs", "README.md", "SECURITY.md", "CHANGELOG.md"],
}
SUFFIXES = {".py", ".md", ".yaml", ".toml", ""}
SKIPPED = {"data", "__pycache__"}


class Rule(NamedTuple):
    """A replaced word.

    Attributes:
        pattern: finds it; a small letter or digit before or a small letter after makes another word.
        write: the term to write.
        folders: where it has no other meaning; empty for everywhere.
    """

    pattern: str
    write: str
    folders: tuple[str, ...] = ()


def word(text: str) -> str:
    """Return a pattern for a word, also as a part of snake_case and CamelCase names."""
    return rf"(?:(?<![A-Za-z]){text}|(?<![A-Z]){text[0].upper()}{text[1:]})(?![a-z])"


_MODULES = "way|wire|doors|built|island|mortal|ground|handmade|watched"
"""Modules of the tests whose names said nothing."""

RULES = (
    Rule(word("houses?"), "service, package"),
    Rule(word("doors?"), "entry point"),
    Rule(r"(?<!has_)" + word("rooms?"), "memory, space, concurrency"),
    Rule(r"(?i)(?<![a-z])(?:takes?|took|taken|taking)[ _]?in(?![a-z])", "ingest"),
    Rule(r"(?i)\bhand(?:s|ed|ing)? over\b", "pass, send"),
    Rule(r"(?i)\bwhoever\b", "name the subject"),
    Rule(r"(?i)\bin vain\b", "without success"),
    Rule(r"(?i)\bby leave of\b", "through"),
    Rule(r"(?i)\bartefacts?|artefact(?=_|\.|s)", "artifact"),
    Rule(r"\bimport Alarm\b|\bAlarm\(|class Alarm\b|\balarm\.py\b", "ReadDeadline"),
    Rule(r"\bAlarm|\balarm", "ReadDeadline", ("functions",)),
    Rule(r"\bDials\b|\bdials\.py\b|\.dials\b", "ConnectLimiter"),
    Rule(r"(?i)\bdialled\b", "is_allowed, connect"),
    Rule(r"\bLater\(|class Later\b|\blater\.py\b|uncollected", "BackgroundSigner, gc_paused"),
    Rule(r"class Names\b|import Names\b|\bnames\.py\b|LookupThreads|\bpatience\b", "Resolver, queue_timeout"),
    Rule(r"class Guard\b|import Guard\b|\bGuard\(", "GuardedResolver"),
    Rule(r"SessionTransport|class Bytes\b", "PooledTransport, BytesBody"),
    Rule(r"ImageClock", "ImageTimer"),
    Rule(r"\bLane\b|class Place\b|\bPlace\(", "OriginState, OriginSlot"),
    Rule(r"\bEffort\b|\bKept\b", "FetchStats, CarriedOver"),
    Rule(r"class Before\b|import Before\b|\bBefore\(", "PreviousReceipt"),
    Rule(r"forget_frames", "clear_traceback"),
    Rule(r"(?i)(?<![a-z])judg(?:e[sd]?|ing)(?![a-z])", "classify, check"),
    Rule(r"(?i)(?<![a-z.])walk(?:s|ed|ing)?(?![a-z(])", "parse"),
    Rule(r"refuse_status|announced_length", "raise_for_status, content_length"),
    Rule(r"(?i)(?<![a-z])tally(?![a-z])|(?<!un)(?<![a-z])settled(?![a-z])", "ManifestResult, is_final"),
    Rule(r"(?i)(?<![a-z])scrub(?:s|bed)?(?![a-z])", "redact"),
    Rule(
        r"\b(?:from|import) (?:\w+\.)*(?:way|wire|doors|built|island|mortal|ground|handmade|watched)\b", "see the list"
    ),
    Rule(r"(?i)\bislands?\b|\bmortal\b", "network_sandbox, kill_target"),
    Rule(r"(?i)\bstands?\b(?!-)", "is", ("docs",)),
)
FILE_NAMES = re.compile(rf"^(?:test_)?(?:{_MODULES}|door|house|room)(?:_|$)")
EXCEPTIONS: tuple[tuple[str, str], ...] = ()
"""Beginning of the path, and a text in which a word of the list is right."""


def files(folder: str) -> Iterator[Path]:
    for name in FOLDERS[folder]:
        path = ROOT / name
        for found in sorted(path.rglob("*")) if path.is_dir() else [path]:
            skipped = SKIPPED & set(found.relative_to(ROOT).parts) or found == Path(__file__)
            if found.is_file() and found.suffix in SUFFIXES and not skipped:
                yield found


def without_exceptions(path: str, line: str) -> str:
    for beginning, text in EXCEPTIONS:
        if path.startswith(beginning):
            line = line.replace(text, "")
    return line


def findings(folder: str, path: str, text: str) -> Iterator[str]:
    """Yield every use of a replaced word, with its place and the term to write."""
    rules = [(re.compile(rule.pattern), rule.write) for rule in RULES if not rule.folders or folder in rule.folders]
    for number, line in enumerate(text.splitlines(), start=1):
        for pattern, write in rules:
            for match in pattern.finditer(without_exceptions(path, line)):
                yield f"{path}:{number}: {match[0]} (write: {write})"
    if FILE_NAMES.search(Path(path).stem):
        yield f"{path}: rename the file"


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder_uses_standard_terms(folder: str) -> None:
    found = [
        finding
        for path in files(folder)
        for finding in findings(folder, str(path.relative_to(ROOT)), path.read_text())
    ]  # fmt: skip
    assert not found, f"{len(found)} words remain in {folder}:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "line",
    [
        "the three doors",
        "def test_door_http():",
        "class FrontDoor:",
        "our house",
        "no room for it",
        "it takes in Files",
        "runtime.intake().take_in(file)",
        "whoever asks",
        "handed over",
        "from wire import Script",
        "class Tally:",
        "Alarm(loop)",
        "artefact.build()",
        "what scrub removes",
        "it walks the boxes",
        "judge(address)",
    ],
)
def test_replaced_word_is_found(line: str) -> None:
    assert list(findings("tests", "tests/example.py", line))


@pytest.mark.parametrize(
    "line",
    [
        "headroom, outdoor, warehouse",
        "if pool.has_room():",
        "it takes into account",
        "for root in path.walk():",
        "ast.walk(tree)",
        "AWS::CloudWatch::Alarm",
        "an unsettled File",
        "from bench.wired import x",
    ],
)
def test_other_words_are_not_found(line: str) -> None:
    assert list(findings("tests", "tests/example.py", line)) == []


def test_exception_hides_a_word_only_in_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.modules[__name__], "EXCEPTIONS", (("infra/", "front door"),))
    assert list(findings("infra", "infra/a.py", "the front door")) == []
    assert list(findings("infra", "infra/a.py", "the back door"))
    assert list(findings("tests", "tests/a.py", "the front door"))


def test_every_exception_is_needed() -> None:
    """Remove an exception when its text is gone."""
    texts = {str(path.relative_to(ROOT)): path.read_text() for folder in FOLDERS for path in files(folder)}
    unused = [
        (beginning, text)
        for beginning, text in EXCEPTIONS
        if not any(text in content for path, content in texts.items() if path.startswith(beginning))
    ]
    assert unused == []

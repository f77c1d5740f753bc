"""Every figure of the documentation that the code or a template decides is the figure of the code or the template."""

import re
import tomllib
from typing import Any

import pytest
from infra.build.template_file import ROOT, list_functions, load

from bench import cost, documented_figures, report
from bench.memory import FUNCTION_MIB
from intake.download import cool_down, origin_cool_downs
from intake.ingest import known_document_store, known_images_of_file, stored_images
from intake.known.environment_memory import MAX_ENTRIES, SEEN_SECONDS
from intake.known.freshness import MAX_FRESH_SECONDS
from intake.known.validators import _MAX_ETAG_LENGTH, _MIN_SECONDS_UNCHANGED
from intake.model.limits import MIB, Limits
from intake.model.manifest import MAX_DOCUMENT_BYTES, MAX_FILES
from support.alarms_and_dashboard import ALARMS, PAGE

TEMPLATE = load()
LIMITS = Limits()
TIMEOUTS = {name: function["Timeout"] for name, function in list_functions(TEMPLATE).items()}
MANIFEST_MINUTES = TIMEOUTS["S3Function"] // 60
HTTP_SECONDS = round(TIMEOUTS["HttpFunction"] - LIMITS.deadline_margin)
INBOX_DAYS = TEMPLATE["Parameters"]["InboxDays"]["Default"]
LIFECYCLE = TEMPLATE["Resources"]["ImageBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
EXPIRATION_DAYS = {rule["Prefix"]: rule["ExpirationInDays"] for rule in LIFECYCLE if "Prefix" in rule}
QUEUE = TEMPLATE["Resources"]["FailureQueue"]["Properties"]
FILE_QUEUE = TEMPLATE["Resources"]["FileQueue"]["Properties"]
FILE_DAYS = FILE_QUEUE["MessageRetentionPeriod"] // 86400
DELIVERIES = FILE_QUEUE["RedrivePolicy"]["maxReceiveCount"]
WORDS = {3: "three", 4: "four", 5: "five", 6: "six"}
BATCH_OF_MESSAGES = list_functions(TEMPLATE)["QueueFunction"]["Events"]["Messages"]["Properties"]["BatchSize"]
QUEUE_DAYS = QUEUE["MessageRetentionPeriod"] // 86400

PARAMETERS = {name: parameter["Default"] for name, parameter in TEMPLATE["Parameters"].items()}
RATE, BURST = PARAMETERS["ThrottlingRate"], PARAMETERS["ThrottlingBurst"]
HTTP_TIMEOUT, S3_TIMEOUT = TIMEOUTS["HttpFunction"], TIMEOUTS["S3Function"]
ATTEMPTS = 1 + list_functions(TEMPLATE)["S3Function"]["EventInvokeConfig"]["MaximumRetryAttempts"]
BULK_FUNCTIONS, BULK_PER_ORIGIN = PARAMETERS["BulkMaxConcurrency"], PARAMETERS["MaxPerOriginBulk"]
QUEUE_FUNCTIONS = PARAMETERS["QueueMaxConcurrency"]
BULK_SHARE = BULK_PER_ORIGIN // BULK_FUNCTIONS
BATCH_SECONDS = TIMEOUTS["BulkFunction"] - LIMITS.deadline_margin
IMAGES = LIMITS.max_base_images + 1
DAY = 86400
INSTANCE_DAY = cost.FUNCTION_GB * cost.LAMBDA_GB_SECOND * DAY
S3_OF_NEW, S3_OF_KNOWN = (
    sum(dollars for item, dollars in work["HTTP"].costs().items() if item.startswith("S3"))
    for work in (cost.new_images(), cost.known_images())
)
TIMES = "\N{MULTIPLICATION SIGN}"
PUTS = IMAGES + 3  # with the receipt, the known document and the manifest

STATED = [
    ("docs/bulk.md", f"| `MaxPerOriginBulk` | {BULK_PER_ORIGIN} |"),
    ("docs/bulk.md", f"{BULK_PER_ORIGIN} / {BULK_FUNCTIONS} = {BULK_SHARE}."),
    ("docs/bulk.md", f"in its {BATCH_SECONDS:.0f} seconds"),
    ("docs/bulk.md", f"With {BULK_SHARE} at once and 200 ms an image, a batch downloads"),
    ("docs/bulk.md", f"downloads {BULK_SHARE * BATCH_SECONDS / 0.2:,.0f} images of one origin"),
    ("docs/security.md", f"{RATE} {TIMES} {HTTP_TIMEOUT} + {BURST} | {RATE * HTTP_TIMEOUT + BURST:,} |"),
    ("docs/security.md", f"in up to {ATTEMPTS} attempts"),
    (
        "docs/security.md",
        f"{RATE} {TIMES} {S3_TIMEOUT} {TIMES} {ATTEMPTS} + {BURST} | {RATE * S3_TIMEOUT * ATTEMPTS + BURST:,} |",
    ),
    ("docs/security.md", f"into the inbox | {BULK_FUNCTIONS} for each list |"),
    ("docs/security.md", f"costs ${INSTANCE_DAY:.2f} a day at `MemorySize` {PARAMETERS['MemorySize']}"),
    ("docs/security.md", f"So 1,000 at once cost ${INSTANCE_DAY * 1000:,.0f} a day"),
    ("docs/security.md", f"to 50 at once, ${INSTANCE_DAY * 50:,.0f} a day"),
    ("docs/security.md", f"At {RATE} requests a second, each with {IMAGES} new images, S3 takes {PUTS} PUTs a request"),
    ("docs/security.md", f"PUTs a request, ${RATE * DAY * PUTS * cost.S3_PUT:,.0f} a day"),
    (
        "docs/security.md",
        f"{IMAGES} {TIMES} {LIMITS.max_image_bytes // MIB} MiB, {IMAGES * LIMITS.max_image_bytes / 1e9:.1f} GB",
    ),
    ("docs/security.md", f"`MAX_PER_ORIGIN` ({LIMITS.max_per_origin}) requests at once"),
    ("docs/security.md", f"{LIMITS.max_per_origin} {TIMES} 50 = {LIMITS.max_per_origin * 50:,} with"),
    ("docs/security.md", f"sends it {BULK_PER_ORIGIN} in all (`MaxPerOriginBulk`)"),
    ("docs/cost.md", f"S3's part of the bill is ${S3_OF_KNOWN:.2f} in place of ${S3_OF_NEW:.2f}"),
    ("docs/known-images.md", f"a PUT, ${cost.S3_PUT * 1e6:.2f} per million"),
    ("docs/known-images.md", f"a HEAD, ${cost.S3_GET * 1e6:.2f} per million"),
    ("docs/known-images.md", f"of the last {MAX_ENTRIES:,} URLs"),
    ("docs/known-images.md", f"an object counts as seen for {SEEN_SECONDS // 60} minutes"),
    ("docs/known-images.md", f"saw the object within {SEEN_SECONDS // 60} minutes"),
    ("docs/known-images.md", f"found the object within the last {SEEN_SECONDS // 60} minutes"),
    ("docs/known-images.md", f"for {MAX_FRESH_SECONDS} seconds at most"),
    ("docs/known-images.md", f"Images wait at most {known_document_store.WAIT_SECONDS * 1000:.0f} ms for the document"),
    ("docs/known-images.md", f"After {known_document_store._MAX_UNHELPFUL_READS} documents in a row"),
    ("docs/known-images.md", f"After {stored_images._MAX_MISSING_DIGESTS} digests in a row"),
    ("docs/known-images.md", f"or the document is {known_images_of_file._WRITE_AGAIN_SECONDS / DAY:.0f} days old"),
    ("docs/known-images.md", f"at least {_MIN_SECONDS_UNCHANGED} seconds older than the `Date`"),
    ("docs/known-images.md", f"{EXPIRATION_DAYS['known/']} days after its last write"),
    ("docs/known-images.md", f"at most for {cool_down.MAX_SECONDS / 60:.0f} minutes"),
    (
        "docs/known-images.md",
        f"for {origin_cool_downs._FAILURE_SECONDS:.0f} seconds from one that {origin_cool_downs._MAX_FAILURES} conn",
    ),
    ("docs/known-images.md", f"reads at most every {cool_down.FRESH_SECONDS:.0f} seconds"),
    ("docs/security.md", f"at most {SEEN_SECONDS // 60} minutes ago"),
    ("docs/security.md", f"{MAX_ENTRIES:,} URLs and {MAX_ENTRIES:,} objects for each function instance"),
    ("docs/security.md", f"{origin_cool_downs._MAX_ORIGINS:,} cool-downs"),
    ("docs/security.md", f"at most {_MAX_ETAG_LENGTH} bytes"),
    ("docs/decisions/0018-known-documents-in-s3.md", f"at most {known_document_store.WAIT_SECONDS * 1000:.0f} ms"),
    (
        "docs/decisions/0018-known-documents-in-s3.md",
        f"After {known_document_store._MAX_UNHELPFUL_READS} documents in a row",
    ),
    ("README.md", f"a manifest of up to {MAX_FILES:,} Files"),
    ("docs/glossary.md", f"or up to {MAX_FILES:,} Files"),
    ("docs/manifests.md", f"one per line, up to {MAX_FILES:,}; empty lines are skipped"),
    ("docs/manifests.md", f"For more than {MAX_FILES:,}\nFiles"),
    ("docs/manifests.md", f"one invocation of {MANIFEST_MINUTES} minutes"),
    ("docs/manifests.md", f"deleted after {INBOX_DAYS} days (parameter `InboxDays`)"),
    ("docs/manifests.md", f"stays there for {QUEUE_DAYS} days"),
    ("docs/manifests.md", f"for {QUEUE['VisibilityTimeout'] // 60} minutes by default"),
    ("docs/files-and-receipts.md", f"1 to {LIMITS.max_base_images} items (`MAX_BASE_IMAGES`)"),
    ("docs/files-and-receipts.md", f"A URL list has 1 to {LIMITS.max_base_images + 1} images"),
    ("docs/files-and-receipts.md", f"over {MAX_DOCUMENT_BYTES // MIB} MiB"),
    ("docs/settings.md", f"API Gateway waits {TIMEOUTS['HttpFunction']} seconds"),
    ("docs/settings.md", f"a manifest has {MANIFEST_MINUTES} minutes"),
    ("docs/operations.md", f"came close to its {TIMEOUTS['HttpFunction']} seconds"),
    ("docs/operations.md", f"a manifest to {MANIFEST_MINUTES} minutes"),
    ("docs/operations.md", f"a batch to {TIMEOUTS['BulkFunction']} seconds"),
    ("docs/operations.md", f"An HTTP request has {HTTP_SECONDS} seconds for all images"),
    ("docs/operations.md", f"`Prefer: respond-async`, which has {MANIFEST_MINUTES} minutes"),
    ("docs/operations.md", f"queue keeps it for {QUEUE_DAYS} days"),
    ("docs/invoke.md", f"--cli-read-timeout {TIMEOUTS['InvokeFunction'] + 10}"),
    ("docs/invoke.md", f"The function has {TIMEOUTS['InvokeFunction']} seconds"),
    ("docs/bulk.md", f"The summary adds up one report per batch and has {TIMEOUTS['SummaryFunction'] // 60} minutes"),
    ("docs/bulk.md", f"A batch has {TIMEOUTS['BulkFunction']} seconds"),
    ("docs/invoke.md", f"The function has {TIMEOUTS['InvokeFunction']} seconds"),
    ("docs/invoke.md", f"over HTTP, whose limit is {HTTP_TIMEOUT}"),
    ("docs/operations.md", f"an invocation with a File to {TIMEOUTS['InvokeFunction'] // 60} minutes"),
    ("docs/operations.md", f"a batch of messages to {TIMEOUTS['QueueFunction']} seconds"),
    ("docs/operations.md", f"The queue keeps a message until {FILE_DAYS} days after it was sent"),
    ("docs/operations.md", f"SQS delivered messages {WORDS[DELIVERIES]} times"),
    ("docs/queue.md", f"Lambda reads up to {BATCH_OF_MESSAGES} messages at once"),
    ("docs/queue.md", f"at most `QueueMaxConcurrency` ({QUEUE_FUNCTIONS}) at the same time"),
    ("docs/queue.md", f"The function has {TIMEOUTS['QueueFunction']} seconds for all Files"),
    ("docs/queue.md", f"SQS delivers it again after {FILE_QUEUE['VisibilityTimeout'] // 60} minutes"),
    ("docs/queue.md", f"SQS has delivered it {DELIVERIES} times"),
    ("docs/queue.md", f"A message is kept for {FILE_DAYS} days"),
    ("docs/queue.md", f"A message has at most {MAX_DOCUMENT_BYTES // MIB} MiB"),
    ("docs/queue.md", f"for {DELIVERIES * FILE_QUEUE['VisibilityTimeout'] // 60} minutes behind"),
    ("docs/try-it-locally.md", f"that is not a valid File {WORDS[DELIVERIES]} times"),
    ("docs/security.md", f"further messages wait | {QUEUE_FUNCTIONS} |"),
    (
        "docs/security.md",
        f"{LIMITS.max_per_origin} {TIMES} {QUEUE_FUNCTIONS} = {LIMITS.max_per_origin * QUEUE_FUNCTIONS} from the queue",
    ),
    ("docs/sam-local.md", f"throttling, {TIMEOUTS['HttpFunction']} seconds"),
    ("docs/performance.md", f"A function of {FUNCTION_MIB} MB"),
]


@pytest.mark.parametrize(("page", "text"), STATED)
def test_page_states_the_figure_of_the_code(page: str, text: str) -> None:
    assert " ".join(text.split()) in " ".join((ROOT / page).read_text().split())


def test_pages_show_the_measured_figures() -> None:
    outdated = report.stale(documented_figures.read())
    assert outdated == [], "run `.venv/bin/python tests/bench/report.py --write`"


def test_report_names_the_pages_whose_figures_differ() -> None:
    changed = documented_figures.read()
    changed["memory"]["peak_mib"] += 1
    assert set(report.stale(changed)) == {report.README, report.PERFORMANCE}


def periods(alarm: dict[str, Any]) -> str:
    """Return the words for how many periods an alarm needs."""
    words = {1: "one", 2: "two", 3: "three"}
    of, needed = alarm["EvaluationPeriods"], alarm.get("DatapointsToAlarm", alarm["EvaluationPeriods"])
    if of == 1:
        return ""
    return f"each of {words[of]} periods" if needed == of else f"{words[needed]} of {words[of]} periods"


@pytest.mark.parametrize("name", ALARMS)
def test_operations_page_states_threshold_and_periods_of_alarm(name: str) -> None:
    alarm = ALARMS[name]
    [condition] = re.findall(rf"^\| `{name}` \| (.*?) \|", PAGE, re.MULTILINE)
    threshold = alarm["Threshold"]

    if isinstance(threshold, dict):  # the stack's parameter sets it
        assert threshold.keys() == {"Ref"}
    elif threshold > 100:  # seconds
        assert f"{threshold // 3600} hour" in condition
    elif threshold != 1:
        assert f"{threshold * (100 if threshold < 1 else 1):g} %" in condition
    assert periods(alarm) in condition
    assert ("periods" in condition) == (alarm["EvaluationPeriods"] > 1)


def test_changelog_releases_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    newest, *_ = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", changelog, re.MULTILINE)
    assert newest == version


def test_security_policy_supports_the_version_of_the_package() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"| {version.rpartition('.')[0]} | yes |" in (ROOT / "SECURITY.md").read_text()


def test_glossary_has_at_most_20_terms() -> None:
    terms = re.findall(r"^\| (?!term )\w.* \|$", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    assert 10 <= len(terms) <= 20


def test_readme_has_under_130_lines() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) < 130

"""SmokeRun: one run: uploads the pictures, tries the entry points side by side, checks the rest, and cleans up."""

import secrets
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from infra.command.terminal import timed_step
from infra.smoke import bulk_checks, http_checks, invoke_checks, queue_checks, s3_checks
from infra.smoke.alarms import AlarmWatch
from infra.smoke.bulk_checks import BulkRun
from infra.smoke.check import Check, CheckFailed, CheckResult, Result, run_check, skip
from infra.smoke.cleanup import STOPPED_SECONDS, clean_up
from infra.smoke.deployed import Deployed
from infra.smoke.failure_queues import failure_queue_check
from infra.smoke.pictures import draw
from infra.smoke.rights import rights_check
from infra.smoke.smoke_context import SmokeContext
from infra.smoke.smoke_file import SmokeFile
from infra.smoke.stack_checks import functions_check, objects_check, receipts_check
from infra.smoke.waiter import Waiter

_THREADS = 16


class SmokeRun:
    """A run.

    Attributes:
        results: the rows of the table, in order.
        left: what could not be removed.
    """

    def __init__(self, deployed: Deployed, wait_seconds: float) -> None:
        """Draw the pictures."""
        self.results: list[CheckResult] = []
        self.left: list[str] = []
        run = f"smoke-{secrets.token_hex(4)}"
        allowed = deployed.variables["IMAGE_TYPES"].split(",")
        pictures = draw(allowed, int(deployed.variables["MAX_BASE_IMAGES"]))
        urls = [deployed.presign(f"smoke/{run}/{picture.name}") for picture in pictures]
        self._context = SmokeContext(deployed, SmokeFile(run, pictures, urls), Waiter(wait_seconds))

    @property
    def has_failed(self) -> bool:
        return any(result.result is Result.FAILED for result in self.results)

    def run(self) -> None:
        """Run every check, and remove what they left, also when the command is stopped."""
        was_stopped = True
        try:
            self._run_checks()
            was_stopped = False
        finally:
            with timed_step("Removing what the run left"):
                self._clean_up(was_stopped=was_stopped)

    def _run_checks(self) -> None:
        context = self._context
        alarms = AlarmWatch(context.deployed)
        with timed_step("Uploading the pictures"):
            uploaded = run_check(Check("pictures in the inbox bucket", self._upload))
        self.results.append(uploaded)
        with timed_step("Trying every entry point"):
            self._try_entry_points(has_pictures=uploaded.result is Result.OK)
        with timed_step("Comparing receipts, images, queues and alarms"):
            last = [receipts_check(context), objects_check(context), failure_queue_check(context), alarms.check()]
            self.results += [run_check(check) for check in last]

    def _upload(self) -> str:
        context = self._context
        for picture in context.file.pictures:
            context.deployed.s3.put_object(
                Bucket=context.deployed.inbox,
                Key=f"smoke/{context.file.run}/{picture.name}",
                Body=picture.body,
                ContentType=picture.content_type,
            )
        return ", ".join(picture.name for picture in context.file.pictures)

    def _try_entry_points(self, *, has_pictures: bool) -> None:
        """Run the checks of all entry points side by side; those of one entry point one after the other."""
        groups = _group_checks(self._context)
        if not has_pictures:
            self.results += [skip(check, "needs the pictures") for group in groups for check in group]
            return
        with ThreadPoolExecutor(_THREADS) as threads:
            try:
                for results in threads.map(_run_group, groups):
                    self.results += results
            except BaseException:
                self._context.waiter.stopped.set()
                raise

    def _clean_up(self, *, was_stopped: bool) -> None:
        context = self._context
        self.left = clean_up(context, STOPPED_SECONDS if was_stopped else 0.0)


def _run_group(checks: Sequence[Check]) -> list[CheckResult]:
    return [run_check(check) for check in checks]


def _group_checks(context: SmokeContext) -> list[list[Check]]:
    """Return the checks in the order of the table. Each group runs in a thread of its own."""
    of_entry_points = (
        ([http_checks.FUNCTION], http_checks.http_checks(context)),
        ([http_checks.FUNCTION, s3_checks.FUNCTION], http_checks.async_checks(context)),
        ([s3_checks.FUNCTION], s3_checks.manifest_checks(context)),
        ([s3_checks.FUNCTION], s3_checks.manifest_refusals(context)),
        (bulk_checks.FUNCTIONS, BulkRun(context).checks()),
        ([invoke_checks.FUNCTION], invoke_checks.invoke_checks(context)),
        ([queue_checks.FUNCTION], queue_checks.queue_checks(context)),
        ([queue_checks.FUNCTION], queue_checks.queue_refusals(context)),
    )
    explained = [[_explain(context, functions, check) for check in checks] for functions, checks in of_entry_points]
    return [[functions_check(context)], *explained, [rights_check(context.deployed)]]


def _explain(context: SmokeContext, functions: Sequence[str], check: Check) -> Check:
    """Return the check of an entry point which, if it fails, also says what is wrong with its functions."""

    def run() -> str:
        try:
            return check.run()
        except CheckFailed as failed:
            if cause := _find_cause(context, functions):
                raise CheckFailed(f"{failed.found} {cause.found}", cause.advice) from failed
            raise CheckFailed(
                failed.found, failed.advice or http_checks.describe_log(context, functions[-1])
            ) from failed

    return Check(check.name, run)


def _find_cause(context: SmokeContext, functions: Sequence[str]) -> CheckFailed | None:
    finders: list[Callable[[], CheckFailed | None]] = [
        partial(context.find_fault_of_function, function) for function in functions
    ]
    if queue_checks.FUNCTION in functions:
        finders.append(lambda: queue_checks.find_fault_of_event_source(context))
    for find in finders:
        try:
            if fault := find():
                return fault
        except (BotoCoreError, ClientError):
            continue  # the check itself has said what is wrong
    return None

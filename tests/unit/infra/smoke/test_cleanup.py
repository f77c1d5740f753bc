"""What a run removes, over buckets and queues in memory."""

from dataclasses import dataclass, field

import pytest
from botocore.exceptions import ClientError
from infra.bulk.progress import Progress
from infra.smoke.cleanup import clean_up

from support.smoke_fakes import FILE, PICTURES, QUEUE, RUN, FakeDeployed, FakeQueues, FakeS3, aws_error, context_of

OWN = {
    "the-inbox": [f"smoke/{RUN}/whole.jpg", f"inbox/{RUN}-async.json", f"bulk/{RUN}-bulk.jsonl"],
    "the-images": [
        f"receipts/{RUN}-http.json",
        f"problems/{RUN}-queue-invalid.json",
        "runs/the-run/summary.json",
        "runs/the-run/images/a.jsonl.gz",
        PICTURES[0].key,
        PICTURES[1].key,
        FILE.known_document,
    ],
}
OTHERS = {
    "the-inbox": ["smoke/smoke-1a2b3c4e/whole.jpg", "inbox/lot.json", "bulk/smoke-ffffffff-bulk.jsonl"],
    "the-images": ["images/00/another.jpg", "receipts/lot.json", "runs/the-run-2/summary.json", "known/another.json"],
}


@dataclass
class FakeRuns:
    """The bulk runs of a stack.

    Attributes:
        status: the status of each run.
        stopped: the runs that were stopped.
        error: an error of stopping one.
    """

    status: str = "SUCCEEDED"
    stopped: list[str] = field(default_factory=list)
    error: ClientError | None = None

    def progress(self, _arn: str) -> Progress:
        return Progress(self.status)

    def stop_run(self, arn: str) -> None:
        if self.error:
            raise self.error
        self.stopped.append(arn)


def lab(*, keeps_versions: bool = False) -> tuple[FakeDeployed, FakeS3]:
    objects = {bucket: [(key, "v1") for key in [*OWN[bucket], *OTHERS[bucket]]] for bucket in OWN}
    s3 = FakeS3(objects, keeps_versions)
    return FakeDeployed(s3=s3, sqs=FakeQueues({QUEUE: []}), stack=FakeRuns()), s3


def clean(deployed: FakeDeployed, run: str = "arn:the-run") -> list[str]:
    context = context_of(deployed)
    context.run_arn = run
    return clean_up(context, 0)


@pytest.mark.parametrize("keeps_versions", [False, True])
def test_cleanup_removes_own_objects_with_their_versions_and_no_others(*, keeps_versions: bool) -> None:
    deployed, s3 = lab(keeps_versions=keeps_versions)
    assert clean(deployed) == []
    assert {bucket: [key for key, _ in found] for bucket, found in s3.objects.items()} == OTHERS


def test_cleanup_keeps_the_runs_of_others_when_its_own_is_unknown() -> None:
    deployed, s3 = lab()
    clean(deployed, run="")
    assert [key for key, _ in s3.objects["the-images"] if key.startswith("runs/")] == [
        "runs/the-run/summary.json",
        "runs/the-run/images/a.jsonl.gz",
        "runs/the-run-2/summary.json",
    ]


def test_cleanup_lists_versions_that_it_may_not_see() -> None:
    deployed, s3 = lab(keeps_versions=True)
    s3.denied = {"list_object_versions"}
    left = clean(deployed)
    expected = (
        f"earlier versions of s3://the-images/receipts/{RUN}-*: list_object_versions: AWS answered AccessDenied: no."
    )
    assert expected in left
    assert len(left) == len(OWN["the-inbox"]) + 6


def test_cleanup_lists_objects_that_it_may_not_delete_or_see() -> None:
    deployed, s3 = lab()
    s3.locked = {PICTURES[0].key}
    assert clean(deployed) == [f"s3://the-images/{PICTURES[0].key}: AccessDenied"]
    s3.denied = {"list_objects_v2"}
    assert f"s3://the-inbox/smoke/{RUN}/*: list_objects_v2: AWS answered AccessDenied: no." in clean(deployed)


def test_cleanup_lists_results_that_may_still_come() -> None:
    deployed, _ = lab()
    context = context_of(deployed)

    def fail() -> bool:
        raise aws_error("Throttling")

    context.pending = {"receipts/a.json": lambda: False, "receipts/b.json": lambda: True, "the run of c": fail}
    assert clean_up(context, 0) == ["receipts/a.json may still come", "the run of c may still come"]


def test_cleanup_removes_the_message_that_nothing_read() -> None:
    deployed, _ = lab()
    deployed.sqs.messages[QUEUE] = [f"{RUN}-queue"]
    context = context_of(deployed)
    context.pending = {f"receipts/{RUN}-queue.json": lambda: False}
    assert clean_up(context, 0) == []
    assert deployed.sqs.messages[QUEUE] == []


def test_cleanup_stops_a_run_that_has_not_ended() -> None:
    deployed, _ = lab()
    clean(deployed)
    assert deployed.stack.stopped == []
    deployed.stack.status = "RUNNING"
    assert clean(deployed) == []
    assert deployed.stack.stopped == ["arn:the-run"]
    deployed.stack.error = aws_error("AccessDenied", "StopExecution")
    assert clean(deployed) == ["the run the-run: StopExecution: AWS answered AccessDenied: no."]

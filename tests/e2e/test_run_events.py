"""docs/events.md: EventBridge tells the end of a bulk run, by the commands and the template of the page.

The events are MiniStack's own, with the members that AWS documents.
"""

import json
from pathlib import Path
from typing import Any

from support.aws_cli import run_shell
from support.deployed_lab import Lab, json_lines
from support.events_page import (
    EVENT,
    READ_RECEIPTS,
    READ_SUMMARY,
    RUNS,
    RUNS_TEMPLATE,
    assert_has,
    deploy_template,
    run_python,
)
from support.receipt_topic import Queue


def receive_run(queue: Queue, key: str) -> dict[str, Any]:
    """Wait for the one event of the run of a list."""
    events = map(json.loads, queue.wait_for_messages(1))
    [event] = [event for event in events if json.loads(event["detail"]["input"])["detail"]["object"]["key"] == key]
    found: dict[str, Any] = event
    return found


def test_rule_of_the_page_tells_the_end_of_a_run_and_the_program_reads_its_summary(
    deployed: Lab, events_environment: dict[str, str], tmp_path: Path
) -> None:
    url = run_shell(deployed, f'{RUNS}echo "$RUN_QUEUE_URL"', tmp_path, **events_environment).split()[-1]
    queue = Queue(deployed.stack.aws.client("sqs"), url)
    read_summary = run_python(READ_RECEIPTS, READ_SUMMARY)["read_summary"]

    deployed.put_in_inbox("bulk/p-list.jsonl", json_lines({"urls": [deployed.origin.url("length/p-list")]}))
    event = receive_run(queue, "bulk/p-list.jsonl")

    assert_has(EVENT, event)
    summary = read_summary(event)
    assert summary == json.loads(event["detail"]["output"])
    assert (summary["run"], summary["counts"]["status"]) == (event["detail"]["name"], {"stored": 1})

    deployed.put_in_inbox("bulk/p-list.xlsx", b"PK")
    failed = receive_run(queue, "bulk/p-list.xlsx")
    assert (failed["detail"]["status"], failed["detail"]["error"]) == ("FAILED", "NotAList")
    assert (failed["detail"]["output"], read_summary(failed)) == (None, None)


def test_template_of_the_page_tells_the_end_of_a_run_that_failed(
    deployed: Lab, events_environment: dict[str, str]
) -> None:
    created = deploy_template(
        deployed, "p-runs", RUNS_TEMPLATE, StateMachineArn=events_environment["STATE_MACHINE_ARN"]
    )
    queue = Queue(deployed.stack.aws.client("sqs"), created["Runs"])

    deployed.put_in_inbox("bulk/p-broken.jsonl", b"{no")
    event = receive_run(queue, "bulk/p-broken.jsonl")

    assert event["detail"]["error"].startswith("States.ItemReaderFailed")
    summary = run_python(READ_RECEIPTS, READ_SUMMARY)["read_summary"](event)
    assert (summary["complete"], summary["counts"]["files"]) == (False, 0)

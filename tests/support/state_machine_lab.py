"""Runs the state machine definition with the real bulk handlers, whose ports are in memory."""

import json
from collections.abc import Iterator
from itertools import batched
from threading import Lock
from typing import Any

from intake.handlers import bulk, summary
from intake.model.bulk_report import BatchReport
from intake.model.object_keys import summary_key
from intake.s3.bulk_results import BulkResults
from support.fake_ports import FakeStore
from support.handler_fakes import HandlerFakes
from support.lambda_context import Context
from support.sample_images import picture
from support.state_machine import StateMachine
from support.state_machine_definition import definition

SITE = "https://a.example/"
IMAGE = picture(4, 3, 1)


class FakeBulkResults(BulkResults):
    """The results of bulk runs, in the memory of the fake store."""

    def __init__(self, store: FakeStore) -> None:
        self._objects = store.objects
        self._table_lock = Lock()

    def _list_keys(self, prefix: str, page_size: int) -> Iterator[list[str]]:
        keys = sorted(key for key in self._objects if key.startswith(prefix))
        yield from (list(page) for page in batched(keys, page_size, strict=False))

    def _read_report(self, key: str) -> BatchReport:
        return BatchReport.model_validate(json.loads(self._objects[key]))

    def _exists(self, key: str) -> bool:
        return key in self._objects

    def _put_part(self, key: str, rows: bytes) -> None:
        self._objects[key] = rows

    def put_lines(self, key: str, lines: Any) -> bool:
        if text := b"".join(line + b"\n" for line in lines):
            self._objects[key] = text
        return bool(text)

    def read_lines(self, key: str) -> Iterator[bytes]:
        yield from self._objects[key].splitlines()

    def put_summary(self, summary: Any) -> None:
        self._objects[summary_key(summary.run)] = summary.model_dump_json(by_alias=True).encode()


class Functions:
    """Invokes the handlers by their names in the definition.

    Attributes:
        failures: errors that the next calls of the bulk function raise, in order.
        calls: the names of the functions that were called.
    """

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls: list[str] = []

    def __call__(self, name: str, payload: Any) -> Any:
        self.calls.append(name)
        if name == "bulk" and self.failures:
            raise self.failures.pop(0)
        return {"bulk": bulk, "summary": summary}[name].handler(payload, Context(60.0))


def state_machine(fakes: HandlerFakes, functions: Functions | None = None, **values: int) -> StateMachine:
    """Build a machine; `values` are numbers of the definition, such as BatchSize."""
    return StateMachine(definition(**values), functions or Functions(), fakes.store.objects)


def json_lines(*documents: object) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def list_of_files(count: int) -> bytes:
    """Build a JSONL list of Files with the ids 0, 1, 2 and so on, each of one image."""
    return json_lines(*({"id": str(n), "urls": [SITE + str(n)]} for n in range(count)))


def receipt_ids(fakes: HandlerFakes) -> set[str]:
    return {key.removeprefix("receipts/").removesuffix(".json") for key in fakes.store.objects if "receipts/" in key}

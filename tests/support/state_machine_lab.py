"""What runs of the definition stand on: the real handlers, with their ports in memory."""

import json
from collections.abc import Iterator
from itertools import batched
from typing import Any

from intake.handlers import bulk, summary
from intake.model.bulk_report import BatchReport
from intake.model.object_keys import failed_key, summary_key
from intake.s3.bulk_results import BulkResults
from support.fakes import FakeStore
from support.handler_fakes import HandlerFakes
from support.lambda_context import Context
from support.sample_images import picture
from support.state_machine import Machine
from support.state_machine_definition import definition

SITE = "https://a.example/"
IMAGE = picture(4, 3, 1)


class RunsInMemory(BulkResults):
    """The results of runs in the same memory as receipts."""

    def __init__(self, store: FakeStore) -> None:
        self._objects = store.objects

    def _list_keys(self, prefix: str, page_size: int) -> Iterator[list[str]]:
        keys = sorted(key for key in self._objects if key.startswith(prefix))
        yield from (list(page) for page in batched(keys, page_size, strict=False))

    def _read_report(self, key: str) -> BatchReport:
        return BatchReport.model_validate(json.loads(self._objects[key]))

    def _exists(self, key: str) -> bool:
        return key in self._objects

    def put_failed(self, run: str, lines: Any) -> bool:
        if text := b"".join(line + b"\n" for line in lines):
            self._objects[failed_key(run)] = text
        return bool(text)

    def put_summary(self, summary: Any) -> None:
        self._objects[summary_key(summary.run)] = summary.model_dump_json(by_alias=True).encode()


class Functions:
    """The functions of the machine; the first calls of the batches can be made to fail."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.calls: list[str] = []

    def __call__(self, name: str, payload: Any) -> Any:
        self.calls.append(name)
        if name == "bulk" and self.failures:
            raise self.failures.pop(0)
        return {"bulk": bulk, "summary": summary}[name].handler(payload, Context(60.0))


def machine(behind: HandlerFakes, functions: Functions | None = None, **values: int) -> Machine:
    return Machine(definition(**values), functions or Functions(), behind.store.objects)


def jsonl(*documents: object) -> bytes:
    return b"".join(json.dumps(document).encode() + b"\n" for document in documents)


def files(number: int) -> bytes:
    return jsonl(*({"id": str(n), "urls": [SITE + str(n)]} for n in range(number)))


def receipts(behind: HandlerFakes) -> set[str]:
    return {key.removeprefix("receipts/").removesuffix(".json") for key in behind.store.objects if "receipts/" in key}

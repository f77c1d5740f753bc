"""schemathesis over infra/openapi.yaml: requests made from the contract, right and wrong, every answer held to it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import schemathesis
import yaml
from infra.openapi import document as openapi
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events, from_schema
from schemathesis.specs.openapi.schemas import OpenApiSchema

# Every check is on. 502 with a receipt is this contract's answer to a File of which no image is stored; what must not
# come of any request is 500. Signatures are no parameter of a request here: the check "ignored_auth" spoils them.
SETTINGS = """
seed = 1
continue-on-failure = true

[generation]
database = "none"
deterministic = true
max-examples = {examples}
with-security-parameters = false

[phases.stateful.generation]
max-examples = {runs}

[checks.not_a_server_error]
expected-statuses = ["2xx", "4xx", 502]
"""


@dataclass
class Outcome:
    """What came of a run.

    Attributes:
        answers: how often which method was answered with which status.
        checks: how often each check was made.
        faults: what is not as the contract has it, in words.
    """

    answers: Counter[tuple[str, int]] = field(default_factory=Counter)
    checks: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


def contract(*, examples: int, runs: int) -> OpenApiSchema:
    """The published contract.

    Args:
        examples: requests made of each operation, beside those that cover its schema one by one.
        runs: chains of requests, in which one asks for what another was answered.
    """
    settings = SchemathesisConfig.from_str(SETTINGS.format(examples=examples, runs=runs))
    return schemathesis.openapi.from_dict(yaml.safe_load(openapi.PATH.read_text()), config=settings)


def lead(schema: OpenApiSchema, to: Callable[[str], str]) -> None:
    """Put other URLs into the Files that are made; the document stays as right or as wrong as it was."""

    def item(value: Any) -> Any:
        match value:
            case str():
                return to(value)
            case {"url": str(url)}:
                return {**value, "url": to(url)}
            case [str(url), *rest]:
                return [to(url), *rest]
            case _:
                return value

    @schema.hook
    def map_body(context: object, body: Any) -> Any:
        del context
        if not isinstance(body, dict):
            return body
        led = dict(body)
        if "fileUrl" in body:
            led["fileUrl"] = item(body["fileUrl"])
        for member in {"baseUrls", "urls"} & body.keys():
            if isinstance(body[member], list):
                led[member] = [item(value) for value in body[member]]
        return led


def examine(schema: OpenApiSchema) -> Outcome:
    """Send what the contract leads to, and hold every answer against it."""
    outcome = Outcome()
    for event in from_schema(schema).execute():
        match event:
            case events.ScenarioFinished(recorder=recorder):
                for interaction in recorder.interactions.values():
                    status = interaction.response.status_code if interaction.response else 0
                    outcome.answers[interaction.request.method, status] += 1
                for made in (check for checks in recorder.checks.values() for check in checks):
                    outcome.checks[made.name] += 1
                    if (found := made.failure_info) is not None:
                        outcome.faults.append(f"{found.failure.title}: {found.failure.message}\n{found.code_sample}")
            case events.NonFatalError(value=error):
                outcome.faults.append(f"{type(error).__name__}: {error}")
            case events.FatalError(exception=exception):
                raise exception
    return outcome

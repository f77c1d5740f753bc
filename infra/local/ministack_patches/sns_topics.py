"""Patches of SNS: the default policy of a topic, and filter policies for the items of lists."""

import importlib
import json
from collections.abc import Callable, Iterator
from contextvars import copy_context
from itertools import product
from typing import Any

DEFAULT_POLICY = "__default_policy_ID"


def apply() -> None:
    """Replace the functions of `ministack.services.sns`."""
    sns: Any = importlib.import_module("ministack.services.sns")
    sns.topic_policy_allows = _require_policy(sns, sns.topic_policy_allows)
    sns._matches_filter_policy = _match_items(sns._matches_filter_policy)  # noqa: SLF001 - there is no public way


def _require_policy(sns: Any, original: Callable[..., bool]) -> Callable[..., bool]:  # noqa: ANN401 - a module that the type checker does not see
    """Check the policy of a topic as for a service that publishes over TLS; the default policy refuses S3.

    AWS: "You must grant the Amazon S3 principal the necessary permissions" on the topic (S3 User Guide, "Granting
    permissions to publish event notification messages to a destination"). A new topic grants them to the account alone.
    MiniStack: the default policy of a topic that a stack has created grants them to everybody. S3 publishes by the
    transport of the request that stored the object, which is plain HTTP on this machine.
    """
    evaluator: Any = importlib.import_module("ministack.core.iam_evaluator")

    def allows(topic: str, service: str, *args: Any) -> bool:  # noqa: ANN401 - MiniStack's own
        def publish() -> bool:
            evaluator.pin_request_origin(service, secure_transport=True)
            return original(topic, service, *args)

        policy, _ = sns.topic_policy_for_arn(topic) or ("", "")
        return DEFAULT_POLICY not in policy and copy_context().run(publish)

    return allows


def _match_items(original: Callable[..., bool]) -> Callable[..., bool]:
    """Apply a filter policy to each object of a list.

    AWS: {"Records": {"s3": {"object": {"key": [{"prefix": "a"}]}}}} matches a message of S3, whose Records is a list
    (AWS Compute Blog, "Introducing payload-based message filtering for Amazon SNS").
    MiniStack: matches no object inside a list.
    """

    def matches(subscription: dict[str, Any], attributes: dict[str, Any], message: str = "") -> bool:
        if subscription["attributes"].get("FilterPolicyScope") != "MessageBody":
            return original(subscription, attributes, message)
        try:
            body = json.loads(message)
        except ValueError:
            return False
        return any(original(subscription, attributes, json.dumps(choice)) for choice in expand_lists(body))

    return matches


def expand_lists(value: object) -> Iterator[object]:
    """Yield the value with one object in place of each list of objects, for every choice of these objects."""
    match value:
        case dict():
            for members in product(*map(expand_lists, value.values())):
                yield dict(zip(value, members, strict=True))
        case [dict(), *_]:
            for item in value:
                yield from expand_lists(item)
        case _:
            yield value

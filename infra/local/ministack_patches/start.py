"""Starts MiniStack with all patches."""

import importlib

from infra.local.ministack_patches import (
    alarms,
    batch_actions,
    distributed_map,
    function_code,
    function_errors,
    queues,
    roles,
    s3_listing,
    s3_requests,
    sns_topics,
    stack_properties,
)


def main() -> None:
    """Apply every patch, then run MiniStack until it is stopped."""
    alarms.apply()
    batch_actions.apply()
    distributed_map.apply()
    function_code.apply()
    function_errors.apply()
    queues.apply()
    roles.apply()
    s3_listing.apply()
    stack_properties.apply()
    sns_topics.apply()
    s3_requests.apply()  # last, to see what the others answer
    importlib.import_module("ministack.app").main()

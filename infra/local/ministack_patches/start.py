"""Start MiniStack with all patches."""

import importlib

from infra.local.ministack_patches import alarms, distributed_map, rights


def main() -> None:
    """Apply every patch, then run MiniStack until it is stopped."""
    alarms.install()
    distributed_map.install(importlib.import_module("ministack.services.stepfunctions"))
    rights.install()
    importlib.import_module("ministack.app").main()

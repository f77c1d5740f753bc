"""Settings for `sam` commands: no telemetry, no version check."""

import json
import time
from pathlib import Path


def offline_environment(directory: Path) -> dict[str, str]:
    """Variables that keep sam from calling anything but the AWS endpoint it is given.

    Args:
        directory: where sam keeps its own metadata. The time of its last version check is written there, so that it
            does not ask PyPI for a newer version (it does so once a week).
    """
    directory.mkdir(parents=True, exist_ok=True)
    metadata = {"telemetryEnabled": False, "lastVersionCheck": time.time()}
    (directory / "metadata.json").write_text(json.dumps(metadata))
    return {"SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(directory)}

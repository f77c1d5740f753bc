"""Settings for `sam` commands: no telemetry, no version check."""

import json
import time
from pathlib import Path


def offline_environment(directory: Path) -> dict[str, str]:
    """Return variables that keep sam from calling anything but the given AWS endpoint.

    Args:
        directory: for sam's metadata. This function writes the current time there as that of sam's last version check,
            so that sam does not ask PyPI for a newer version, as it does once a week.
    """
    directory.mkdir(parents=True, exist_ok=True)
    metadata = {"telemetryEnabled": False, "lastVersionCheck": time.time()}
    (directory / "metadata.json").write_text(json.dumps(metadata))
    return {"SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(directory)}

"""sam, run so that it talks to nobody but the AWS it is pointed at."""

import json
import time
from pathlib import Path


def quiet(directory: Path) -> dict[str, str]:
    """Variables for a sam command: no telemetry, and no look at PyPI for a newer sam.

    Args:
        directory: where sam may keep its own notes; among them, when it last looked (once a week otherwise).
    """
    directory.mkdir(parents=True, exist_ok=True)
    notes = {"telemetryEnabled": False, "lastVersionCheck": time.time()}
    (directory / "metadata.json").write_text(json.dumps(notes))
    return {"SAM_CLI_TELEMETRY": "0", "__SAM_CLI_APP_DIR": str(directory)}

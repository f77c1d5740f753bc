"""Ingests a File in a process with few descriptors, and prints what came of it as JSON.

    python few_descriptors.py '{"limit": 1024, "names": {"a.example": ["127.0.0.1"]}, "port": 8080}'

The settings and the endpoint of S3 come from the environment. Each name is one image.
"""

import json
import os
import resource
import socket
import sys
import threading
import time
from collections import Counter
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "functions")]

from support.origin.fake_dns import FakeDns  # noqa: E402 - the path comes first


class Watch:
    """Counts the open descriptors again and again, in a thread.

    Attributes:
        peak: the highest count.
    """

    def __init__(self) -> None:
        self.peak = 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                self.peak = max(self.peak, len(os.listdir("/proc/self/fd")))  # noqa: PTH208 - the count alone
            except OSError:
                self.peak = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
            time.sleep(0.002)


def main() -> None:
    plan = json.loads(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_NOFILE, (plan["limit"], plan["limit"]))
    dns = FakeDns()
    dns.addresses |= plan["names"]
    socket.getaddrinfo = dns.getaddrinfo  # type: ignore[assignment]
    from intake import app  # noqa: PLC0415 - reads the settings
    from intake.model.file import File  # noqa: PLC0415 - the same

    urls = [f"http://{name}:{plan['port']}/{name}" for name in plan["names"]]
    file = File.parse({"fileUrl": urls[0], "baseUrls": [{"url": url} for url in urls[1:]]}, max_base_images=len(urls))
    watch = Watch()
    receipt = app.run(app.ingest_service().ingest(file, app.deadline(60)))
    results: dict[str, Counter[str]] = {}
    for name, image in zip(plan["names"], receipt.images, strict=True):
        code = image.error.code if image.status == "failed" else f"{image.status} at attempt {image.attempts}"
        results.setdefault(name.split("-")[0], Counter())[code] += 1
    print(json.dumps({"results": results, "peak": watch.peak}))


if __name__ == "__main__":
    main()

"""The S3 function and the queue function are killed at random moments, a hundred times, on real sockets and a real S3.

Every stored image is complete, no receipt names a missing image, and the same event, sent again, completes the work. An
image that a receipt has is not requested again.
"""

import hashlib
import json
import os
import queue
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support import s3_server
from support.crafted_images import segment
from support.fault_proxy import FaultProxy, forward_part, open_fault_proxy
from support.lambda_events import sqs_event
from support.origin import Origin, origin_in_thread
from support.origin.behaviour import Reader, Request, Writer, reset, response_with, send
from support.real_s3_store import find_wrong_images
from support.sample_images import picture

TESTS = Path(__file__).parents[1]
ROUNDS = 100
IMAGES = 20
MOMENTS = ("before", "half", "after", "responded")
"""Moments of a PUT: S3 has received nothing; half of it; all of it; and the function has received the response."""

_TIMEOUT = 20.0
_PIXELS = picture(8, 6, 1)


def image_of(round_number: int, number: int) -> bytes:
    """Build the image of that number in that round: a JPEG with random comments, the first one a large one."""
    generator = random.Random(round_number * IMAGES + number)
    comments = [generator.randbytes(60_000) for _ in range(0 if number else 8)]
    comments.append(generator.randbytes(generator.randrange(300, 30_000)))
    return _PIXELS[:2] + b"".join(segment(0xFE, comment) for comment in comments) + _PIXELS[2:]


@dataclass
class KillLab:
    """A function, its buckets, and an origin.

    Attributes:
        proxy: the proxy before S3.
        function: the process of support/kill_target.py.
        generator: decides when a run is killed.
        moments: the number of runs that were killed at each moment.
    """

    s3: s3_server.S3Server
    bucket: str
    inbox: str
    proxy: FaultProxy
    origin: Origin
    function: subprocess.Popen[str]
    generator: random.Random
    moments: Counter[str] = field(default_factory=Counter)

    def make_event(self, round_number: int) -> str:
        """Return the event of the File of a round: of a manifest, or in odd rounds a message."""
        urls = [self.origin.url(f"photo/{round_number}/{number}") for number in range(IMAGES)]
        file = {"id": f"{round_number}", "urls": urls}
        return json.dumps(sqs_event(json.dumps(file))) if round_number % 2 else self.put_manifest(file)

    def put_manifest(self, file: dict[str, Any]) -> str:
        """Put a manifest into the inbox, and return its event."""
        key = f"inbox/{file['id']}.json"
        self.s3.client().put_object(Bucket=self.inbox, Key=key, Body=json.dumps(file).encode())
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps(
            {"Records": [{"eventTime": at, "s3": {"bucket": {"name": self.inbox}, "object": {"key": key}}}]}
        )

    def start(self, event: str) -> int:
        """Start a run, and return its process id."""
        assert self.function.stdin is not None
        self.function.stdin.write(event + "\n")
        self.function.stdin.flush()
        return int(self._read_line())

    def wait(self) -> int:
        """Wait for the end of a run, and return its exit status."""
        return int(self._read_line())

    def _read_line(self) -> str:
        assert self.function.stdout is not None
        return self.function.stdout.readline()

    def kill_early(self, event: str) -> None:
        """Kill a run some milliseconds after its start."""
        process = self.start(event)
        time.sleep(self.generator.uniform(0.0, 0.03))
        os.kill(process, signal.SIGKILL)
        self.moments["early"] += self.wait() == -signal.SIGKILL

    def kill_at_a_put(self, event: str) -> None:
        """Kill a run at a moment of one of its PUTs, of an image or of the receipt."""
        moment, nth = self.generator.choice(MOMENTS), self.generator.randint(1, IMAGES + 8)
        where = "PUT .*/images/" if nth <= IMAGES else "PUT .*/receipts/"
        process: queue.Queue[int] = queue.Queue()
        requests = iter(range(IMAGES))

        async def respond(reader: Reader, writer: Writer, request: Request) -> None:
            if nth <= IMAGES and next(requests) + 1 < nth:
                await send(writer, await self.proxy.forward(reader, request))
                return
            if moment == "half":
                await forward_part(self.proxy, reader, request, 0.5)
            elif moment != "before":
                response_of_s3 = await self.proxy.forward(reader, request)
                if moment == "responded":
                    await send(writer, response_of_s3)
            os.kill(process.get(timeout=_TIMEOUT), signal.SIGKILL)
            reset(writer)

        self.proxy.inject(where, respond, times=nth if nth <= IMAGES else 1)
        process.put(self.start(event))
        self.moments[moment] += self.wait() == -signal.SIGKILL
        self.proxy.clear()


@pytest.fixture
def lab(s3: s3_server.S3Server, bucket: str) -> Iterator[KillLab]:
    async def photo(_: Reader, writer: Writer, request: Request) -> None:
        round_number, number = request.target.split("/")[2:]
        await send(writer, response_with(image_of(int(round_number), int(number))))

    inbox = s3.new_bucket()
    seed = int(os.environ.get("KILL_SEED") or random.randrange(10**6))
    print(f"KILL_SEED={seed} repeats this run")
    with origin_in_thread() as origin, open_fault_proxy(s3.url) as proxy:
        origin.responders["photo"] = photo
        settings = {
            "IMAGE_BUCKET": bucket,
            "INBOX_BUCKET": inbox,
            "ALLOWED_NETWORKS": "127.0.0.0/8",
            "ALLOWED_PORTS": f"80,443,{origin.port}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
            "PYTHONPATH": f"{TESTS.parent / 'functions'}:{TESTS}",
        }
        environment = os.environ | s3.environment | settings | {"AWS_ENDPOINT_URL_S3": proxy.url}
        command = [sys.executable, str(TESTS / "support" / "kill_target.py")]
        function = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            yield KillLab(s3, bucket, inbox, proxy, origin, function, random.Random(seed))
        finally:
            function.kill()
            function.communicate()


def keys_of(round_number: int) -> list[str]:
    digests = [hashlib.sha256(image_of(round_number, number)).hexdigest() for number in range(IMAGES)]
    return [f"images/{digest[:2]}/{digest}.jpg" for digest in digests]


def check(lab: KillLab) -> tuple[set[str], dict[int, list[str | None]]]:
    """Check that every image matches its key, and that the images of every receipt exist.

    Returns:
        The keys of all images, and the object keys of each receipt by round.
    """
    client = lab.s3.client()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=lab.bucket)
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    with ThreadPoolExecutor(8) as threads:
        bodies = threads.map(lambda key: client.get_object(Bucket=lab.bucket, Key=key)["Body"].read(), keys)
        found = dict(zip(keys, bodies, strict=True))
    images = {key for key in found if key.startswith("images/")}
    assert find_wrong_images(found) == []
    receipts = {
        int(key.split("/")[1].removesuffix(".json")): json.loads(body)["objectKeys"]
        for key, body in found.items()
        if key.startswith("receipts/")
    }
    assert {key for keys in receipts.values() for key in keys if key} <= images
    return images, receipts


def stage(images: set[str], receipts: dict[int, list[str | None]], round_number: int) -> str:
    """Return how far a round was when it was killed."""
    stored = len(images.intersection(keys_of(round_number)))
    if round_number in receipts:
        return "after the receipt"
    return {0: "before the first image", IMAGES: "before the receipt"}.get(stored, "between images")


def test_killed_function_leaves_no_partial_data_and_the_same_event_completes_the_work(lab: KillLab) -> None:
    events = [lab.make_event(round_number) for round_number in range(ROUNDS)]
    for event in events:
        lab.kill_early(event) if lab.generator.random() < 0.15 else lab.kill_at_a_put(event)
    images, receipts = check(lab)
    stages = Counter(stage(images, receipts, round_number) for round_number in range(ROUNDS))
    print(dict(lab.moments), dict(stages))

    assert lab.moments.total() > 0.9 * ROUNDS
    assert {*MOMENTS, "early"} == lab.moments.keys()
    assert {"before the first image", "between images", "before the receipt", "after the receipt"} == stages.keys()

    before = len(lab.origin.requests)
    for event in events:
        lab.start(event)
        assert lab.wait() == 0
    _, completed = check(lab)
    assert {round_number: keys_of(round_number) for round_number in range(ROUNDS)} == completed
    assert len(lab.origin.requests) - before == IMAGES * (ROUNDS - len(receipts))

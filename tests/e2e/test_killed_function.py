"""A function that is killed at a random moment, a hundred times, on real sockets and a real S3 server.

Nothing in the bucket is half, no receipt names what is not there, and the same event again brings all to its end.
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
from support.origin import Origin, origin_in_thread
from support.origin.behaviour import Reader, Request, Writer, reset, response, send
from support.sample_images import picture

TESTS = Path(__file__).parents[1]
ROUNDS = 100
IMAGES = 20
MOMENTS = ("before", "half", "after", "told")
"""Of a PUT: S3 has seen nothing of it; half; all, and we have not heard; we have heard."""

_PATIENCE = 20.0


_PIXELS = picture(8, 6, 1)


def body_of(turn: int, number: int) -> bytes:
    """The image of that number in that round: most are small, one is not. What is left to chance is in comments."""
    chance = random.Random(turn * IMAGES + number)
    comments = [chance.randbytes(60_000) for _ in range(0 if number else 8)]
    comments.append(chance.randbytes(chance.randrange(300, 30_000)))
    return _PIXELS[:2] + b"".join(segment(0xFE, comment) for comment in comments) + _PIXELS[2:]


@dataclass
class Ground:
    """What a function works between, and the function.

    Attributes:
        chance: decides when it is killed.
        moments: what became of the runs, counted.
    """

    s3: s3_server.S3Server
    bucket: str
    inbox: str
    proxy: FaultProxy
    origin: Origin
    function: subprocess.Popen[str]
    chance: random.Random
    moments: Counter[str] = field(default_factory=Counter)
    events: list[dict[str, Any]] = field(default_factory=list)

    def drop(self, turn: int) -> str:
        """Put the manifest of a round into the inbox, and return its event."""
        key = f"inbox/{turn}.json"
        file = {"id": f"{turn}", "urls": [self.origin.url(f"photo/{turn}/{number}") for number in range(IMAGES)]}
        self.s3.client().put_object(Bucket=self.inbox, Key=key, Body=json.dumps(file).encode())
        at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return json.dumps(
            {"Records": [{"eventTime": at, "s3": {"bucket": {"name": self.inbox}, "object": {"key": key}}}]}
        )

    def start(self, event: str) -> int:
        """Begin a run, and return its process."""
        assert self.function.stdin is not None
        self.function.stdin.write(event + "\n")
        self.function.stdin.flush()
        return int(self._line())

    def ended(self) -> int:
        return int(self._line())

    def _line(self) -> str:
        assert self.function.stdout is not None
        return self.function.stdout.readline()

    def kill_in_time(self, event: str) -> None:
        """Kill a run some milliseconds after it began."""
        process = self.start(event)
        time.sleep(self.chance.uniform(0.0, 0.03))
        os.kill(process, signal.SIGKILL)
        self.moments["early"] += self.ended() == -signal.SIGKILL

    def kill_at_a_put(self, event: str) -> None:
        """Kill a run at a moment of one of its PUTs; the last of them is the receipt's."""
        moment, nth = self.chance.choice(MOMENTS), self.chance.randint(1, IMAGES + 8)
        where = "PUT .*/images/" if nth <= IMAGES else "PUT .*/receipts/"
        process: queue.Queue[int] = queue.Queue()
        seen = iter(range(IMAGES))

        async def respond(reader: Reader, writer: Writer, request: Request) -> None:
            if nth <= IMAGES and next(seen) + 1 < nth:
                await send(writer, await self.proxy.forward(reader, request))
                return
            if moment == "half":
                await forward_part(self.proxy, reader, request, 0.5)
            elif moment != "before":
                answer = await self.proxy.forward(reader, request)
                if moment == "told":
                    await send(writer, answer)
            os.kill(process.get(timeout=_PATIENCE), signal.SIGKILL)
            reset(writer)

        self.proxy.inject(where, respond, times=nth if nth <= IMAGES else 1)
        process.put(self.start(event))
        self.moments[moment] += self.ended() == -signal.SIGKILL
        self.proxy.clear()


@pytest.fixture
def ground(s3: s3_server.S3Server, bucket: str) -> Iterator[Ground]:
    async def photo(_: Reader, writer: Writer, request: Request) -> None:
        turn, number = request.target.split("/")[2:]
        await send(writer, response(body_of(int(turn), int(number))))

    inbox = s3.new_bucket()
    seed = int(os.environ.get("KILL_SEED") or random.randrange(10**6))
    print(f"KILL_SEED={seed} repeats this")
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
            yield Ground(s3, bucket, inbox, proxy, origin, function, random.Random(seed))
        finally:
            function.kill()
            function.communicate()


def keys_of(turn: int) -> list[str]:
    digests = [hashlib.sha256(body_of(turn, number)).hexdigest() for number in range(IMAGES)]
    return [f"images/{digest[:2]}/{digest}.jpg" for digest in digests]


def check(ground: Ground) -> tuple[set[str], dict[int, list[str | None]]]:
    """Read the whole bucket: every image is what its key reply, every receipt names what is there."""
    client = ground.s3.client()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=ground.bucket)
    keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
    with ThreadPoolExecutor(8) as threads:
        bodies = threads.map(lambda key: client.get_object(Bucket=ground.bucket, Key=key)["Body"].read(), keys)
        found = dict(zip(keys, bodies, strict=True))
    images = {key for key in found if key.startswith("images/")}
    assert [key for key in images if key.split("/")[2] != f"{hashlib.sha256(found[key]).hexdigest()}.jpg"] == []
    named = {
        int(key.split("/")[1].removesuffix(".json")): json.loads(body)["objectKeys"]
        for key, body in found.items()
        if key.startswith("receipts/")
    }
    assert {key for keys in named.values() for key in keys if key} <= images
    return images, named


def stage(images: set[str], named: dict[int, list[str | None]], turn: int) -> str:
    """How far a round had got when it was killed."""
    stored = len(images.intersection(keys_of(turn)))
    if turn in named:
        return "after the receipt"
    return {0: "before the first image", IMAGES: "before the receipt"}.get(stored, "between images")


def test_a_hundred_kills_leave_nothing_half_and_the_same_event_again_ends_complete(ground: Ground) -> None:
    events = [ground.drop(turn) for turn in range(ROUNDS)]
    for event in events:
        ground.kill_in_time(event) if ground.chance.random() < 0.15 else ground.kill_at_a_put(event)
    images, named = check(ground)
    stages = Counter(stage(images, named, turn) for turn in range(ROUNDS))
    print(dict(ground.moments), dict(stages))

    assert ground.moments.total() > 0.9 * ROUNDS
    assert {"before", "half", "after", "told", "early"} == ground.moments.keys()
    assert {"before the first image", "between images", "before the receipt", "after the receipt"} == stages.keys()

    for event in events:
        ground.start(event)
        assert ground.ended() == 0
    _, named = check(ground)
    assert {turn: keys_of(turn) for turn in range(ROUNDS)} == named

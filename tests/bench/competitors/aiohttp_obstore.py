"""aiohttp and obstore, an S3 library in Rust with its own threads. It does not sign the body."""

import json
import os
from functools import cache, partial
from pathlib import Path
from typing import Any

import aiohttp
import obstore
from obstore.store import S3Store

from bench.competitors import aiohttp_session
from bench.competitors.aiohttp_session import download_all, run_on_loop, session

_JPEG: Any = {"Content-Type": "image/jpeg"}


@cache
def _store(bucket: str) -> S3Store:
    options: Any = {"allow_http": True, "root_certificate": Path(os.environ["AWS_CA_BUNDLE"]).read_bytes()}
    return S3Store(bucket, client_options=options, unsigned_payload=True)


async def _put(store: S3Store, number: int, body: bytes) -> str:
    key = f"images/{number}.jpg"
    await obstore.put_async(store, key, body, attributes=_JPEG, use_multipart=False)
    return key


async def _all(web: aiohttp.ClientSession, store: S3Store, urls: list[str]) -> None:
    keys = await download_all(web, urls, partial(_put, store))
    await obstore.put_async(store, "summary.json", json.dumps(keys).encode(), use_multipart=False)


def run(urls: list[str], bucket: str) -> None:
    run_on_loop(_all(session(), _store(bucket), urls))


def reopen() -> None:
    aiohttp_session.reopen()
    _store.cache_clear()
    _store("bench")

"""The spider that Scrapy's media pipelines need: it reads a list of URLs. It runs in Scrapy's environment."""

from collections.abc import AsyncIterator
from itertools import batched
from pathlib import Path
from typing import Any

import scrapy

_URLS_OF_ITEM = 100
"""An item for each URL takes a third more CPU time, and twice as long."""


class ListSpider(scrapy.Spider):  # type: ignore[misc]  # not installed where types are checked
    """Yields the URLs as members of both pipelines; the settings choose the pipeline.

    Attributes:
        urls: the path of the list, an argument of the command.
    """

    name = "list"
    urls: str

    async def start(self) -> AsyncIterator[Any]:
        """Yield items of URLs."""
        lines = Path(self.urls).read_text().split()  # noqa: ASYNC240 - nothing else runs yet
        for urls in batched(lines, _URLS_OF_ITEM, strict=False):
            yield {"file_urls": list(urls), "image_urls": list(urls)}

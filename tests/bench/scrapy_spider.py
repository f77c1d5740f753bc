"""The spider that Scrapy's media pipelines need: one item for each URL of a list. It runs in Scrapy's environment."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import scrapy


class ListSpider(scrapy.Spider):  # type: ignore[misc]  # not installed where types are checked
    """Yields the URLs as members of both pipelines; the settings choose the pipeline.

    Attributes:
        urls: the path of the list, an argument of the command.
    """

    name = "list"
    urls: str

    async def start(self) -> AsyncIterator[Any]:
        """Yield an item for each line."""
        for url in Path(self.urls).read_text().split():  # noqa: ASYNC240 - nothing else runs yet
            yield {"file_urls": [url], "image_urls": [url]}

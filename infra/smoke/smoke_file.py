"""SmokeFile: the File that every entry point gets, under an id of its own, and what its receipt must say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.smoke.pictures import Picture
from intake.known.url_key import url_key
from intake.model.error_codes import Blocked, InvalidImage
from intake.model.object_keys import known_document_key
from intake.model.url import Url

FORBIDDEN_URL = "http://169.254.169.254/latest/meta-data/"
"""An address that the service must refuse. This command itself never connects to it."""

NAMES = ("http", "async", "manifest", "bulk", "invoke", "queue")
"""The entry points, as they are named in the ids of their Files."""


@dataclass(frozen=True, slots=True)
class ExpectedImage:
    """What a receipt must say of an image.

    Attributes:
        picture: the picture; None for the forbidden address.
        code: the error code of an image that must fail; empty for one that must be stored.
    """

    picture: Picture | None
    code: str

    @property
    def name(self) -> str:
        return self.picture.name if self.picture else FORBIDDEN_URL

    @property
    def key(self) -> str | None:
        """The object key in the receipt."""
        return self.picture.key if self.picture and not self.code else None


@dataclass(frozen=True, slots=True)
class SmokeFile:
    """The File of a run.

    Attributes:
        run: the random name of the run: `smoke-1a2b3c4d`.
        pictures: the whole pictures, then the truncated one.
        urls: the URL of each picture.
    """

    run: str
    pictures: Sequence[Picture]
    urls: Sequence[str]

    def id_of(self, name: str) -> str:
        """Return the id of the File that an entry point gets."""
        return f"{self.run}-{name}"

    def document(self, name: str) -> dict[str, Any]:
        """Return the File for an entry point. With `refresh`, each entry point downloads every image."""
        first, *others = self.urls
        base_urls: list[Any] = [{"url": url} for url in [*others, FORBIDDEN_URL]]
        base_urls[0] = [others[0]]  # the other form of a base image
        return {"id": self.id_of(name), "fileUrl": first, "baseUrls": base_urls, "refresh": True}

    def invalid_id_of(self, name: str) -> str:
        return f"{self.id_of(name)}-invalid"

    def invalid_document(self, name: str) -> dict[str, Any]:
        """Return a document that is no valid File: its `fileUrl` is a number, and it has no `baseUrls`."""
        return {"id": self.invalid_id_of(name), "fileUrl": 7}

    @property
    def expected(self) -> list[ExpectedImage]:
        """The images in the order of the File."""
        of_pictures = [ExpectedImage(one, "" if one.is_whole else InvalidImage.code) for one in self.pictures]
        return [*of_pictures, ExpectedImage(None, Blocked.code)]

    @property
    def known_document(self) -> str:
        """The key of what the functions remember of the base images."""
        return known_document_key(url_key(Url.parse(url)) for url in [*self.urls[1:], FORBIDDEN_URL])


def names_invalid_member(errors: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the faults of an invalid document name what is wrong with it."""
    return any("fileUrl" in str(error.get("path")) for error in errors)

"""SourceBucket: a bucket that `s3://` URLs may name."""

import re
from dataclasses import dataclass

from intake.model.s3_url import S3, is_bucket_name

_REGION = re.compile(r"[a-z]{2,10}(-[a-z]{1,16})+-[0-9]{1,2}")


@dataclass(frozen=True, slots=True)
class SourceBucket:
    """One bucket of the setting SOURCE_BUCKETS.

    Attributes:
        name: its name.
        region: its region; None if S3 is to tell it.
    """

    name: str
    region: str | None = None

    @classmethod
    def parse(cls, text: str) -> "SourceBucket":
        """Parse `name` or `name@region`.

        Raises:
            ValueError: it is neither.
        """
        name, at, region = text.partition("@")
        if not is_bucket_name(name) or (at and _REGION.fullmatch(region) is None):
            raise ValueError(text)
        return cls(name, region or None)

    @property
    def origin(self) -> str:
        """The origin of its URLs; see `Url.origin`."""
        return f"{S3}://{self.name}"

    def __str__(self) -> str:
        return self.name if self.region is None else f"{self.name}@{self.region}"

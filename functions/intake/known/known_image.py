"""KnownImage: what an earlier download told of a URL."""

from dataclasses import dataclass

from intake.known.freshness import MAX_FRESH_SECONDS
from intake.known.validators import Validators
from intake.model.image_info import ImageInfo
from intake.model.object_keys import image_key


@dataclass(frozen=True, slots=True)
class KnownImage:
    """What an earlier download told of a URL.

    Attributes:
        final_url_key: the `url_key` of the URL that answered with the image, after redirects.
        sha256: the digest of the bytes, 64 hex digits in lower case.
        size: the number of bytes.
        image: type, width, height, frames and warnings.
        validators: the strong validator of the final URL; None if its response had none.
        fresh_until: Unix seconds until which the origin need not be asked; None if it must always be asked.
        absent_directives: the directives of X-Robots-Tag that its response did not have. It was not asked for others.
    """

    final_url_key: bytes
    sha256: str
    size: int
    image: ImageInfo
    validators: Validators | None = None
    fresh_until: float | None = None
    absent_directives: frozenset[str] = frozenset()

    @property
    def key(self) -> str:
        """The key of the object with these bytes."""
        return image_key(self.sha256, self.image)

    def is_fresh(self, now: float) -> bool:
        """Whether the origin need not be asked at `now`, in Unix seconds. After a clock went back, it must be asked."""
        return self.fresh_until is not None and 0 < self.fresh_until - now <= MAX_FRESH_SECONDS

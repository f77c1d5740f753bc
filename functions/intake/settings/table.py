"""The table of settings: name, type, default and description of each variable. `config.py` reads their values."""

from dataclasses import dataclass
from typing import Any

from intake.image.formats import FORMATS
from intake.model.limits import MIB, ROBOTS_DIRECTIVES, Limits
from intake.model.refresh import Refresh
from intake.model.verification import Verification
from intake.settings.types import (
    BUCKET,
    CONTACT,
    EXACT_HOSTS,
    HOSTS,
    NETWORKS,
    OTHER_BUCKET,
    PORTS,
    SECRET_ARN,
    SOURCE_BUCKETS,
    SWITCH,
    SettingType,
    byte_count,
    one_of,
    one_or_more_of,
    seconds,
    whole_number,
)

REQUIRED = object()
"""Marks a setting that has no default."""


@dataclass(frozen=True, slots=True)
class Setting[T]:
    """One environment variable.

    Attributes:
        name: the name of the variable.
        type: how its text is written and parsed.
        default: its value if the variable is missing or empty; REQUIRED if it must be set.
        description: what it controls, as in docs/settings.md.
        default_note: the default in words, if the value alone would not be clear.
    """

    name: str
    type: SettingType[T]
    default: T | Any
    description: str
    default_note: str = ""

    @property
    def expected(self) -> str:
        """The text that the variable must have, for error messages and docs/settings.md."""
        return self.type.expected

    @property
    def default_text(self) -> str:
        """The default as in docs/settings.md."""
        default = self.default
        return self.default_note or (",".join(map(str, default)) if isinstance(default, tuple) else str(default))


_DEFAULTS = Limits()

LIMITS: tuple[Setting[Any], ...] = (
    Setting(
        "MAX_BASE_IMAGES", whole_number(1, 500), _DEFAULTS.max_base_images, "Maximum number of base images in a File."
    ),
    Setting("MAX_IMAGE_BYTES", byte_count(1024 * MIB), _DEFAULTS.max_image_bytes, "Maximum size of an image in bytes."),
    Setting(
        "MAX_IMAGE_PIXELS",
        whole_number(1, 10**10),
        _DEFAULTS.max_image_pixels,
        "Maximum size of an image in pixels: width times height.",
    ),
    Setting(
        "MIN_IMAGE_PIXELS",
        whole_number(0, 10**10),
        _DEFAULTS.min_image_pixels,
        "Minimum size of an image in pixels: width times height. With 2, tracking pixels are refused. 0 for any size.",
    ),
    Setting(
        "MAX_IMAGE_FRAMES",
        whole_number(1, 10**6),
        _DEFAULTS.max_image_frames,
        "Maximum number of frames or pages in an image.",
    ),
    Setting("IMAGE_TYPES", one_or_more_of(tuple(FORMATS)), _DEFAULTS.image_types, "Image types that are accepted."),
    Setting(
        "MAX_IN_FLIGHT",
        whole_number(1, 256),
        _DEFAULTS.max_in_flight,
        "Maximum number of images that a function processes at the same time.",
    ),
    Setting(
        "MAX_PER_ORIGIN",
        whole_number(1, 1024),
        _DEFAULTS.max_per_origin,
        "Maximum number of concurrent requests to one origin. It is halved after a 429, a 503 or a refused connection, "
        "and grows back slowly. Set 8 for sites that are not yours.",
    ),
    Setting(
        "MEMORY_BUDGET_BYTES",
        byte_count(10 * 1024 * MIB),
        _DEFAULTS.memory_budget_bytes,
        "Maximum total size of the image bodies in memory, of which one host may use half. Images wait until memory is "
        "free.",
        "3/4 of the function's memory beyond 192 MiB",
    ),
    Setting(
        "CONNECT_TIMEOUT",
        seconds(900),
        _DEFAULTS.connect_timeout,
        "Time limit for connecting to an origin: DNS, TCP and TLS together.",
    ),
    Setting(
        "READ_TIMEOUT",
        seconds(900),
        _DEFAULTS.read_timeout,
        "Time limit for a silent origin: a read fails when no byte arrives for this long.",
    ),
    Setting(
        "IMAGE_TIMEOUT",
        seconds(900),
        _DEFAULTS.image_timeout,
        "Time limit for downloading one image, all attempts and redirects together.",
    ),
    Setting(
        "MAX_ATTEMPTS", whole_number(1, 10), _DEFAULTS.max_attempts, "Maximum number of attempts to download an image."
    ),
    Setting(
        "MAX_REDIRECTS",
        whole_number(0, 20),
        _DEFAULTS.max_redirects,
        "Maximum number of redirects that are followed in one attempt.",
    ),
    Setting(
        "ALLOWED_HOSTS",
        HOSTS,
        _DEFAULTS.allowed_hosts,
        "The only hosts that images are downloaded from.",
        "any public host",
    ),
    Setting("ALLOWED_PORTS", PORTS, _DEFAULTS.allowed_ports, "The only ports that images are downloaded from."),
    Setting(
        "ALLOWED_NETWORKS",
        NETWORKS,
        _DEFAULTS.allowed_networks,
        "Networks that are allowed although their addresses are not public.",
        "none",
    ),
    Setting(
        "RESPECT_ROBOTS_TAG",
        one_or_more_of(ROBOTS_DIRECTIVES),
        _DEFAULTS.respect_robots_tag,
        "Directives of the header X-Robots-Tag that make the service refuse an image, before its body is read. noindex "
        "also covers none and noimageindex.",
        "nothing is refused",
    ),
    Setting(
        "DEADLINE_MARGIN",
        seconds(10),
        _DEFAULTS.deadline_margin,
        "Time reserved to store the receipt and respond.",
    ),
)
"""One setting for each field of `Limits`. The field has the same name in lower case, and the default."""

SETTINGS: tuple[Setting[Any], ...] = (
    Setting("IMAGE_BUCKET", BUCKET, REQUIRED, "The bucket where images and receipts are stored.", "required"),
    Setting(
        "INBOX_BUCKET",
        OTHER_BUCKET,
        "",
        "The bucket where callers put manifests and bulk lists. Without it, only synchronous HTTP calls work.",
        "none",
    ),
    *LIMITS,
    Setting(
        "REFRESH",
        one_of({refresh.value: refresh for refresh in Refresh}),
        Refresh.REVALIDATE,
        "When a known image is downloaded again. revalidate: if its origin says that it changed. fresh: the same, but "
        "the origin is not asked while its last response is fresh. always: every time.",
    ),
    Setting(
        "KNOWN_IMAGES",
        SWITCH,
        default=True,
        description="Whether functions share what they know of images and origins, in the image bucket. With off, each "
        "remembers only what it downloaded itself.",
        default_note="on",
    ),
    Setting(
        "VERIFY",
        one_of({verification.value: verification for verification in Verification}),
        Verification.STRUCTURE,
        "How far an image is verified before it is stored. structure: by its structure. decode: then by a decoder too, "
        "which is in the artifact only if it was built with VERIFY=decode.",
    ),
    Setting(
        "SOURCE_BUCKETS",
        SOURCE_BUCKETS,
        (),
        "Buckets that `s3://` URLs may name. Every caller may read every object in them that the service may read. "
        "Without its region, a bucket costs one more request at the start.",
        "none",
    ),
    Setting(
        "SOURCE_HOSTS",
        EXACT_HOSTS,
        (),
        "Hosts whose requests get the headers of the secret, over https on port 443 alone.",
        "none",
    ),
    Setting("SOURCE_SECRET_ARN", SECRET_ARN, "", "The secret with the headers of SOURCE_HOSTS.", "none"),
    Setting(
        "CONTACT",
        CONTACT,
        "",
        "Contact for owners of origins who have questions about the requests; part of the User-Agent header.",
        "none",
    ),
)

CONCURRENT_FUNCTIONS: Setting[int] = Setting(
    "CONCURRENT_FUNCTIONS",
    whole_number(1, 10_000),
    1,
    "Number of functions that share MAX_PER_ORIGIN. Each of them takes an equal part, at least 1.",
)
"""A fact of a bulk run, which the template sets for its function, as Lambda sets the size of the memory."""

VARIABLES: tuple[str, ...] = tuple(setting.name for setting in SETTINGS)

"""What the deployed stack reads of its source buckets: each right, with a call that needs it."""

from collections.abc import Callable
from functools import partial

from support.deployed_lab import SOURCE_BUCKETS, Lab
from support.expected_rights import ROLES, STORE
from support.known_images_lab import image_of, ingest, new_seed


def read_object(lab: Lab, role: str, bucket: str) -> str:
    """Ask for a new object through the function of a role; return its source, or the code of its error."""
    key, _ = _put(lab, bucket)
    return ingest(lab, role, {"url": f"s3://{bucket}/{key}"}, {"url": f"s3://{bucket}/{key}"})[0]


def read_version(lab: Lab, role: str, bucket: str) -> str:
    """The same for an older version of a new object."""
    key, version = _put(lab, bucket)
    url = f"s3://{bucket}/{key}?versionId={version}"
    return ingest(lab, role, {"url": url}, {"url": url})[0]


def _put(lab: Lab, bucket: str) -> tuple[str, str]:
    seed = new_seed()
    key = f"lot {seed}/a+b.jpg"
    version = lab.s3.put_object(Bucket=bucket, Key=key, Body=image_of(seed))["VersionId"]
    return key, version


NEEDED_FOR_SOURCE_BUCKETS: list[tuple[str, str, str, str, Callable[[Lab], str]]] = [
    (role, f"{action} {bucket}/*", "fetched", "access_denied", partial(call, role=role, bucket=bucket))
    for role, rights in ROLES.items()
    if rights >= STORE
    for bucket in SOURCE_BUCKETS
    for action, call in (("s3:GetObject", read_object), ("s3:GetObjectVersion", read_version))
]
"""For each right of a role: what a call returns with it, what it returns without it, and the call."""

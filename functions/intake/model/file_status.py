"""Decides what `GET /files/{id}` returns, from the receipt, problem and manifest that the buckets hold."""

from intake.model.object_keys import manifest_key
from intake.model.pending import Pending
from intake.model.problem import Problem


def decide_status(
    file_id: str, receipt: bytes | None, problem: Problem | None, manifest_version: str | None
) -> bytes | Pending | Problem | None:
    """Return the receipt, else whether the File is pending, else the problem.

    A receipt always takes precedence: a manifest that is not a File replaces no receipt, and a File that is sent again
    keeps its old receipt until the new one is written. A problem is not returned while `inbox/{id}.json` has another
    manifest than the one that it is about: an earlier version, or a manifest of that name with the suffix `.jsonl`.

    Args:
        file_id: the id of the File, which is also the name of its manifest.
        receipt: the stored receipt, or None.
        problem: the stored problem of a manifest of that name, or None.
        manifest_version: the ETag of `inbox/{id}.json`, or None if there is no such object.

    Returns:
        The receipt, a Pending, the problem; None if nothing is stored under the id.
    """
    if receipt is not None:
        return receipt
    if manifest_version is not None and not _is_about(problem, manifest_key(file_id), manifest_version):
        return Pending(id=file_id)
    return problem


def _is_about(problem: Problem | None, key: str, version: str) -> bool:
    manifest = None if problem is None else problem.manifest
    return manifest is not None and (manifest.key, manifest.etag) == (key, version)

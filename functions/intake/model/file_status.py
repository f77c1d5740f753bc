"""What `GET /files/{id}` answers, decided from what the buckets hold under that id."""

from intake.model.object_keys import manifest_key
from intake.model.problem import Problem
from intake.model.receipt import Pending


def decide_status(
    file_id: str, receipt: bytes | None, problem: Problem | None, manifest_version: str | None
) -> bytes | Pending | Problem | None:
    """Choose what is reported of a File: receipt, then pending, then problem, then nothing.

    A receipt always wins: a manifest that is not a File replaces no receipt, and a File that is sent again has its old
    receipt until the new one is written. A problem is no answer while another manifest waits under `inbox/{id}.json`:
    it is about an earlier version of that manifest, or about a manifest of the same name with the suffix `.jsonl`.

    Args:
        file_id: id of the File, which is also the name of a manifest.
        receipt: its stored receipt, or None.
        problem: the stored problem of a manifest of that name, or None.
        manifest_version: ETag of `inbox/{id}.json`, or None where there is no such manifest.

    Returns:
        The receipt, a Pending, the problem, or None where nothing is known of the File.
    """
    if receipt is not None:
        return receipt
    if manifest_version is not None and not _is_about(problem, manifest_key(file_id), manifest_version):
        return Pending(id=file_id)
    return problem


def _is_about(problem: Problem | None, key: str, version: str) -> bool:
    manifest = None if problem is None else problem.manifest
    return manifest is not None and (manifest.key, manifest.etag) == (key, version)

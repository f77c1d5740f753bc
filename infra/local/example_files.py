"""Writes the files of `make up`: variables for a shell, and a File, a message, a manifest and a list to send."""

import json
import shlex
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from infra.build.sam_environment import offline_environment
from infra.build.template_file import ROOT
from infra.local.deploy_template import ROOT_USER, DeployedStack
from infra.local.ministack import REGION

DEFAULT_PORT = 4566
MAX_IMAGES = 101
"""The limit of images in a File."""

LIST_ROWS = 400

EXAMPLE_ID = "example"
"""The id of the File that `make up` sends itself."""

_EXAMPLE_IMAGES = 12


def folder_of(port: int) -> Path:
    """Return the folder for the files of a `make up`: .local/up, or .local/up-PORT if the port is not the default."""
    return ROOT / ".local" / ("up" if port == DEFAULT_PORT else f"up-{port}")


@contextmanager
def example_files(
    folder: Path, deployed: DeployedStack, site: str, urls: Sequence[str], *, base_images: bool
) -> Iterator[None]:
    """Write the files, and delete them when the block ends.

    Args:
        folder: the folder for these files; its other contents are deleted.
        deployed: the stack that the files are for.
        site: the URL of the server of the pictures.
        urls: the URLs of the images.
        base_images: whether file.json has the first image to inspect and the others as its base images. If not, it is
            a URL list.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        (folder / "env").write_text(_shell_variables(deployed, site, folder))
        (folder / "file.json").write_text(json.dumps(_file("by-curl", urls[:MAX_IMAGES], base_images=base_images)))
        (folder / "message.json").write_text(json.dumps(_file("by-message", urls[:2], base_images=base_images)))
        (folder / "lot.jsonl").write_text(_manifest(urls))
        (folder / "list.csv").write_text(_list(urls))
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def example_file(urls: Sequence[str], *, base_images: bool) -> dict[str, object]:
    """Return a small File of some of the images. Its URLs have a query: the service does not know file.json by them."""
    return _file(EXAMPLE_ID, [f"{url}?{EXAMPLE_ID}" for url in urls[:_EXAMPLE_IMAGES]], base_images=base_images)


def to_urls(site: str, names: Sequence[str] | Mapping[str, bytes]) -> list[str]:
    """Return the URLs of the pictures that a site serves, at most LIST_ROWS of them."""
    return [f"{site}/{quote(name)}" for name in islice(names, LIST_ROWS)]


def _shell_variables(deployed: DeployedStack, site: str, folder: Path) -> str:
    variables = {
        "AWS_ENDPOINT_URL": deployed.aws.endpoint,
        "AWS_ACCESS_KEY_ID": ROOT_USER.key,
        "AWS_SECRET_ACCESS_KEY": ROOT_USER.secret,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "API_URL": deployed.api_url,
        "INBOX_BUCKET": deployed.inbox,
        "IMAGE_BUCKET": deployed.bucket,
        "STATE_MACHINE_ARN": deployed.machine,
        "INVOKE_FUNCTION": deployed.find_function("InvokeFunction"),
        "FILE_QUEUE": deployed.file_queue,
        "FAILED_FILES": deployed.failed_files,
        "FAILED_FILES_ARN": deployed.failed_files_arn,
        "FAILURE_QUEUE_URL": deployed.failures,
        "RECEIPT_TOPIC": deployed.topic,
        "PICTURES_URL": site,
    }
    variables |= offline_environment(folder / "sam")  # for `sam logs`
    exports = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join(["unset AWS_SESSION_TOKEN AWS_PROFILE", *exports, ""])


def _file(file_id: str, urls: Sequence[str], *, base_images: bool) -> dict[str, object]:
    if not base_images:
        return {"id": file_id, "urls": list(urls)}
    first, *others = urls
    return {"id": file_id, "fileUrl": first, "baseUrls": [{"url": url} for url in others]}


def _manifest(urls: Sequence[str]) -> str:
    files = [{"id": f"lot-{number}", "urls": [url]} for number, url in enumerate(urls, start=1)]
    return "".join(f"{json.dumps(file)}\n" for file in files)


def _list(urls: Sequence[str]) -> str:
    rows = [f"row-{number},{urls[number % len(urls)]}" for number in range(LIST_ROWS)]
    return "\n".join(["id,url", *rows]) + "\n"

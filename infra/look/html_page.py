"""Renders a template as one self-contained page, and replaces the file of the page. Only its owner can read it."""

import base64
import hashlib
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from infra.look.errors import LookError
from infra.look.figures import format_bytes, format_count, format_time
from infra.look.safe_text import show_json, show_text, to_link

_FOLDER = Path(__file__).parent

_ENVIRONMENT = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters |= {
    "bytes": format_bytes,
    "count": format_count,
    "json": show_json,
    "link": to_link,
    "text": show_text,
    "time": format_time,
}


def write_page(
    template: str,
    target: Path,
    *,
    image_origin: str,
    styles: Sequence[str] = ("style.css",),
    **values: Any,  # noqa: ANN401 - what a template shows
) -> None:
    """Render a template and write it, with mode 0600. The target is replaced at once, or not changed.

    Args:
        template: the name of a file in `templates`, which extends base.html.
        target: the page; its folder is made if it does not exist.
        image_origin: where images may come from: an origin, "file:" or "data:".
        styles: the files of its style sheet.
        values: what the template shows.

    Raises:
        LookError: the page cannot be written.
    """
    text = "\n".join((_FOLDER / name).read_text() for name in styles)
    style = Markup(text)  # noqa: S704 - files of this package, not of a caller
    policy = _policy(image_origin, text)
    html = _ENVIRONMENT.get_template(template).render(style=style, policy=policy, **values)
    try:
        _replace(target, html.encode(errors="backslashreplace"))
    except OSError as error:
        raise LookError(f"{target} cannot be written: {error.strerror}.") from None


def _policy(image_origin: str, style: str) -> str:
    """Return the content security policy: one style sheet and images of one origin, nothing else (CSP 3)."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src {image_origin}; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


def _replace(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{target.name[:100]}.", dir=target.parent)  # mkstemp sets mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise

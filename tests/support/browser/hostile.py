"""Text that an attacker would put into a File, and a receipt that has it in every member."""

from typing import Any

MARKUP = (
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(2)>",
    "</style></title></textarea><svg onload=alert(3)>",
    "<iframe srcdoc='<script>alert(4)</script>'></iframe>",
    '<meta http-equiv="refresh" content="0;url=javascript:alert(5)">',
    "{{ 7 * 7 }}{% raw %}${7 * 7}",
    "\u202egpj.exe\u2066 and \0 and \x1b[31m",
    '" style="position:fixed;inset:0;background:url(javascript:alert(6))" autofocus onfocus="alert(7)',
    "--><!--]]>",
    "&lt;script&gt;alert(8)&lt;/script&gt;",
)
"""Each would leave an attribute, an element, a style sheet, a comment or a template if it were not escaped."""


def urls(site: str) -> list[str]:
    """Return URLs that a browser must not follow. `site` is a server that must get no request."""
    return [
        *MARKUP,
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "java\tscript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        "vbscript:msgbox(1)",
        "file:///etc/passwd",
        "view-source:https://images.example/",
        "//images.example/no-scheme.png",
        f"{site}/'onmouseover='alert(1)",
        f'{site}/"><script src={site}/evil.js></script>',
        f"https://images.example/{'x' * 2000}",
        f"javascript:{'x' * 2000}",
    ]


def with_hostile_text(receipt: dict[str, Any], site: str) -> dict[str, Any]:
    """Return a receipt whose free texts are hostile, as an attacker with the right to write receipts could make it.

    Args:
        receipt: one that the service wrote; keys and digests stay, so that its pictures are found.
        site: a server that must get no request.
    """
    texts = [*MARKUP, *urls(site)]
    images = []
    for number, image in enumerate(receipt["images"]):
        text = texts[number % len(texts)]
        changed = image | {"url": text, "note": {text: text, "list": [text, {"nested": text}]}}
        if image["status"] == "stored":
            changed |= {"finalUrl": text, "warnings": [text]}
        else:
            changed["error"] = image["error"] | {"code": text, "message": text}
        images.append(changed)
    members = ("digest", "bucket", "receiptKey", "createdAt")
    return receipt | dict.fromkeys(members, MARKUP[0]) | {"images": images, "note": {text: text for text in texts}}

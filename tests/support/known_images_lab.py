"""What the deployed stack does with known images: each call uses images and origins that no earlier call used.

The functions of the stack stay warm, and remember what they saw.
"""

import hashlib
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

from infra.local.deploy_template import to_json_bytes

from intake.download.cool_down_document import encode_cool_down
from intake.image.verify import verify
from intake.known.known_document import KnownDocument
from intake.known.known_image import KnownImage
from intake.known.url_key import url_key
from intake.known.validators import Validators
from intake.model.limits import Limits
from intake.model.object_keys import cool_down_key, image_key, known_document_key
from intake.model.url import Url
from intake.s3.image_metadata import to_headers
from support.deployed_lab import Lab
from support.origin.behaviour import Reader, Request, Responder, Writer, reply, response_with
from support.sample_images import jpeg_of_size

_COOL_SECONDS = 600
_FAILING_IMAGES = 24
"""More than the failed connections, one after another, that begin a cool-down."""

LONG_AGO = "2020-01-01T00:00:00.000Z"
_ATTEMPTS = 4
_METADATA = "x-amz-meta-"


def image_of(seed: int) -> bytes:
    return jpeg_of_size(1000, seed)


async def serve_image(reader: Reader, writer: Writer, request: Request) -> None:
    """Answer with the image of the seed in the path, `/image/7`, or with 304 if the request is conditional."""
    seed = int(request.target.rpartition("/")[2])
    etag = f'ETag: "{seed}"'
    is_conditional = any(name.lower() == "if-none-match" for name, _ in request.headers)
    body = b"" if is_conditional else image_of(seed)
    status = "304 Not Modified" if is_conditional else "200 OK"
    respond: Responder = reply(response_with(body, etag, status=status), close=False)
    await respond(reader, writer, request)


def new_seed() -> int:
    return uuid4().int % 2**31


def ingest(lab: Lab, role: str, *images: dict[str, str]) -> list[str]:
    """Ingest a File through the function of a role.

    Args:
        lab: the stack.
        role: the logical name of the function's role.
        images: the file, then the base images, each with its `url`, and `sha256` if it has one.

    Returns:
        For each image its source, or the code of its error.
    """
    name = f"k-{uuid4()}"
    first, *others = images
    file = {"id": name, "fileUrl": first["url"], "baseUrls": others}
    file |= {"sha256": first["sha256"]} if "sha256" in first else {}
    receipt = _INGEST[role](lab, name, file)
    return [image["error"]["code"] if "error" in image else image["source"] for image in receipt["images"]]


def _post(lab: Lab, _: str, file: dict[str, Any]) -> Any:
    return lab.stack.call("POST", "/files", to_json_bytes(file)).json()


def _send_manifest(lab: Lab, name: str, file: dict[str, Any]) -> Any:
    lab.put_in_inbox(f"inbox/{name}.json", to_json_bytes(file))
    at = {"bucket": {"name": lab.stack.inbox}, "object": {"key": f"inbox/{name}.json"}}
    lab.invoke("S3Function", to_json_bytes({"Records": [{"eventTime": LONG_AGO, "s3": at}]}))
    return lab.json(f"receipts/{name}.json")


def _send_batch(lab: Lab, name: str, file: dict[str, Any]) -> Any:
    run = {"run": name, "startedAt": LONG_AGO}
    lab.invoke("BulkFunction", to_json_bytes({"Items": [file], "BatchInput": run, "batch": name}))
    return lab.json(f"receipts/{name}.json")


def _invoke(lab: Lab, _: str, file: dict[str, Any]) -> Any:
    return json.loads(lab.invoke("InvokeFunction", to_json_bytes(file))["Payload"].read())


def _deliver(lab: Lab, name: str, file: dict[str, Any]) -> Any:
    attributes = {"SentTimestamp": "0", "ApproximateReceiveCount": "1"}
    record = {"messageId": name, "body": json.dumps(file), "attributes": attributes, "eventSource": "aws:sqs"}
    lab.invoke("QueueFunction", to_json_bytes({"Records": [record]}))
    return lab.json(f"receipts/{name}.json")


_INGEST: dict[str, Callable[[Lab, str, dict[str, Any]], Any]] = {
    "HttpFunctionRole": _post,
    "S3FunctionRole": _send_manifest,
    "BulkFunctionRole": _send_batch,
    "InvokeFunctionRole": _invoke,
    "QueueFunctionRole": _deliver,
}


def _store_image(lab: Lab, seed: int) -> KnownImage:
    """Put an image into the bucket, as the service does."""
    body = image_of(seed)
    digest, image = hashlib.sha256(body).hexdigest(), verify(body, Limits())
    metadata = {
        name.removeprefix(_METADATA): value for name, value in to_headers(image).items() if name.startswith(_METADATA)
    }
    lab.s3.put_object(
        Bucket=lab.stack.bucket,
        Key=image_key(digest, image),
        Body=body,
        ContentType=image.content_type,
        Metadata=metadata,
    )
    url = url_key(Url.parse(_url(lab, seed)))
    return KnownImage(url, digest, len(body), image, Validators(f'"{seed}"'))


def _url(lab: Lab, seed: int) -> str:
    lab.origin.responders["image"] = serve_image
    return lab.origin.url(f"image/{seed}")


def _other_image(lab: Lab) -> dict[str, str]:
    return {"url": _url(lab, new_seed())}


def find_by_digest(lab: Lab, role: str) -> str:
    """Ask for an image that is in the bucket, by its digest, at a URL that has none."""
    known = _store_image(lab, new_seed())
    image = {"url": lab.origin.url(f"status_404/{known.sha256}"), "sha256": known.sha256}
    return ingest(lab, role, image, _other_image(lab))[0]


def use_known_document(lab: Lab, role: str) -> str:
    """Ask for a base image that another function knows. A busy machine may read a document too late: ask again."""
    found = ""
    for _ in range(_ATTEMPTS):
        seed = new_seed()
        known = _store_image(lab, seed)
        document = KnownDocument({known.final_url_key: known}, time.time())
        key = known_document_key([known.final_url_key])
        lab.s3.put_object(Bucket=lab.stack.bucket, Key=key, Body=document.to_json())
        found = ingest(lab, role, _other_image(lab), {"url": _url(lab, seed)})[1]
        if found != "fetched":
            break
    return found


def write_known_document(lab: Lab, role: str) -> str:
    """Ask for a new base image, and return whether the other functions can know it. A late write is given up."""
    for _ in range(_ATTEMPTS):
        url = _url(lab, new_seed())
        assert ingest(lab, role, _other_image(lab), {"url": url}) == ["fetched", "fetched"]
        if lab.objects(known_document_key([url_key(Url.parse(url))])):
            return "written"
    return "not written"


def heed_cool_down(lab: Lab, role: str) -> str:
    """Ask for an image of an origin that another function keeps away from. It would refuse the connection."""
    url = f"http://127.0.0.1:{lab.closed_ports.pop()}/a.jpg"
    document = encode_cool_down(time.time() + _COOL_SECONDS)
    lab.s3.put_object(Bucket=lab.stack.bucket, Key=cool_down_key(Url.parse(url)), Body=document)
    return ingest(lab, role, {"url": url}, _other_image(lab))[0]


def write_cool_down(lab: Lab, role: str) -> str:
    """Ask for many images of an origin that refuses connections, and return whether the other functions can know it."""
    base = f"http://127.0.0.1:{lab.closed_ports.pop()}"
    codes = ingest(lab, role, *({"url": f"{base}/{number}.jpg"} for number in range(_FAILING_IMAGES)))
    assert set(codes) <= {"connect_failed", "cooling_down"}
    return "written" if lab.objects(cool_down_key(Url.parse(base + "/"))) else "not written"


NEEDED_FOR_KNOWN_IMAGES: list[tuple[str, str, str, str, Callable[[Lab], str]]] = [
    (role, f"s3:{action} ImageBucket/{folder}/*", works, fails, partial(call, role=role))
    for role in _INGEST
    for action, folder, works, fails, call in (
        ("GetObject", "images", "known", "not_found", find_by_digest),
        ("GetObject", "known", "unchanged", "fetched", use_known_document),
        ("PutObject", "known", "written", "not written", write_known_document),
        ("GetObject", "origins", "cooling_down", "connect_failed", heed_cool_down),
        ("PutObject", "origins", "written", "not written", write_cool_down),
    )
]
"""For each right of a role: what a call returns with it, what it returns without it, and the call."""

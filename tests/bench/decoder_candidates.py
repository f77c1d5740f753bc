"""The decoders that `decoders.py` compares: each is a function of a body and its type that returns a verdict.

They import their packages when they are called, because each runs in a process of its own, whose memory is measured.
"""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from io import BytesIO
from typing import Any, NamedTuple

from intake.decode.verdict import Verdict
from intake.image.verify import verify
from intake.model.error_codes import CorruptImage, IntakeError, InvalidImage
from intake.model.limits import Limits

type DecoderAnswer = tuple[Verdict, str]

LIMITS = Limits()
TYPES = ("jpeg", "gif", "webp", "tiff", "avif")

PILLOW_FAULTS = ("truncated", "broken data stream", "decod", "buffer overrun", "failed to read next frame")
"""What the message of Pillow holds if it blames the data."""


def check_structure(body: bytes, image_type: str) -> DecoderAnswer:
    """Return what the service says without a decoder."""
    del image_type
    try:
        verify(body, LIMITS, len(body))
    except (InvalidImage, CorruptImage) as error:
        return Verdict.DAMAGED, error.message
    except IntakeError as error:
        return Verdict.UNSURE, error.message
    return Verdict.WHOLE, ""


def _ours(body: bytes, image_type: str) -> DecoderAnswer:
    verdict: DecoderAnswer = import_module("intake.decode.decoders").decode(
        memoryview(body), image_type, LIMITS.max_image_pixels
    )
    return verdict


def _libvips(body: bytes, image_type: str) -> DecoderAnswer:
    """Let libvips decode the first page, and stop at a warning."""
    del image_type
    library = import_module("intake.decode.vips_library")
    try:
        with import_module("intake.decode.vips_decoder").LIBRARY.open(body) as image:
            image.decode()
    except library.VipsError as error:
        return Verdict.DAMAGED, str(error)
    return Verdict.WHOLE, ""


def _pillow(body: bytes, image_type: str) -> DecoderAnswer:
    image_module: Any = import_module("PIL.Image")
    image_module.MAX_IMAGE_PIXELS = None
    try:
        with image_module.open(BytesIO(body), formats=(image_type,)) as image:
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                image.load()
    except (OSError, RuntimeError) as error:
        text = str(error)
        is_damage = any(fault in text.lower() for fault in PILLOW_FAULTS)
        return Verdict.DAMAGED if is_damage else Verdict.UNSURE, text
    return Verdict.WHOLE, ""


def _run(decode: Callable[[bytes], Any], body: bytes, image_type: str) -> DecoderAnswer:
    """Return DAMAGED if a function raises."""
    del image_type
    try:
        decode(body)
    except Exception as error:  # noqa: BLE001 - each package has errors of its own
        return Verdict.DAMAGED, f"{type(error).__name__}: {error}"
    return Verdict.WHOLE, ""


def _call(module: str, function: str, body: bytes, **options: Any) -> None:
    getattr(import_module(module), function)(body, **options)


def _ffmpeg(body: bytes) -> None:
    """Decode every frame, and stop at every fault that FFmpeg looks for."""
    with import_module("av").open(BytesIO(body), options={"err_detect": "explode"}) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"err_detect": "crccheck+bitstream+buffer+careful+compliant+explode"}
        if not sum(len(packet.decode()) for packet in container.demux(stream)):
            raise ValueError("no frame")


def _lepton(body: bytes) -> None:
    # Two arguments by position: the bytes and the options.
    import_module("lepton_jpeg_python").compress_bytes(body, {"max_jpeg_width": 65535, "max_jpeg_height": 65535})


class Candidate(NamedTuple):
    """A decoder.

    Attributes:
        check: what it says of a body of a type.
        title: its name in tables.
        types: the types that it reads here.
        packages: the distributions that it needs.
        module: what is imported first.
    """

    check: Callable[[bytes, str], DecoderAnswer]
    title: str
    types: tuple[str, ...]
    packages: tuple[str, ...] = ()
    module: str = ""


CANDIDATES = {
    "structure": Candidate(check_structure, "structure alone", TYPES),
    "ours": Candidate(
        _ours,
        "**`VERIFY=decode`**",
        TYPES,
        ("simplejpeg", "numpy", "pyvips-binary", "cffi", "pycparser"),
        "intake.decode.vips_decoder, intake.decode.jpeg_decoder",
    ),
    "pillow": Candidate(_pillow, "Pillow", TYPES, ("pillow",), "PIL.Image"),
    "libvips": Candidate(_libvips, "libvips", TYPES, ("pyvips-binary",), "intake.decode.vips_decoder"),
    "simplejpeg": Candidate(
        partial(_run, partial(_call, "simplejpeg", "decode_jpeg", strict=True)),
        "simplejpeg",
        ("jpeg",),
        ("simplejpeg", "numpy"),
        "simplejpeg",
    ),
    "jpegli": Candidate(
        partial(_run, partial(_call, "pyjpegli", "decode")), "pyjpegli", ("jpeg",), ("pyjpegli",), "pyjpegli"
    ),
    "lepton": Candidate(
        partial(_run, _lepton), "lepton-jpeg-python", ("jpeg",), ("lepton-jpeg-python",), "lepton_jpeg_python"
    ),
    "jxl": Candidate(
        partial(_run, partial(_call, "imagecodecs", "jpegxl_encode_jpeg")),
        "imagecodecs, JPEG to JPEG XL",
        ("jpeg",),
        ("imagecodecs", "numpy"),
        "imagecodecs",
    ),
    "libavif": Candidate(
        partial(_run, partial(_call, "imagecodecs", "avif_decode")),
        "imagecodecs, AVIF",
        ("avif",),
        ("imagecodecs", "numpy"),
        "imagecodecs",
    ),
    "thor": Candidate(
        partial(_run, partial(_call, "libjpeg", "decode")),
        "pylibjpeg-libjpeg",
        ("jpeg",),
        ("pylibjpeg-libjpeg", "numpy"),
        "libjpeg",
    ),
    "ffmpeg": Candidate(partial(_run, _ffmpeg), "PyAV (FFmpeg)", TYPES, ("av",), "av"),
}
"""Every decoder by name."""

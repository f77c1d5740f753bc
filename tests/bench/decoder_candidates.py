"""The decoders that `decoders.py` compares: each is a function of a body and its type that returns a verdict.

They are imported inside of the functions, because each needs packages of its own, and its import is measured.
"""

import os
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any

from intake.decode.verdict import Verdict
from intake.image.verify import verify
from intake.model.error_codes import CorruptImage, IntakeError, InvalidImage
from intake.model.limits import Limits

type Judgement = tuple[Verdict, str]
type Candidate = Callable[[bytes, str], Judgement]

LIMITS = Limits(max_image_pixels=50_000_000)


def structure(body: bytes, image_type: str) -> Judgement:
    """Return what `verify` says: what the service does without a decoder."""
    del image_type
    try:
        verify(body, LIMITS, len(body))
    except (InvalidImage, CorruptImage) as error:
        return Verdict.DAMAGED, error.message
    except IntakeError as error:
        return Verdict.UNSURE, error.message
    return Verdict.WHOLE, ""


def ours(body: bytes, image_type: str) -> Judgement:
    """Return what VERIFY=decode says."""
    from intake.decode.decoders import decode

    return decode(memoryview(body), image_type, LIMITS.max_image_pixels)


PILLOW_FAULTS = ("truncated", "broken data stream", "decod", "buffer overrun", "failed to read next frame")
"""What the message of Pillow holds if it blames the data."""


def pillow(body: bytes, image_type: str) -> Judgement:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = None
    try:
        with Image.open(BytesIO(body), formats=(image_type,)) as image:
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                image.load()
    except (OSError, RuntimeError) as error:
        text = str(error)
        is_damage = any(fault in text.lower() for fault in PILLOW_FAULTS)
        return Verdict.DAMAGED if is_damage else Verdict.UNSURE, text
    return Verdict.WHOLE, ""


def libvips(body: bytes, image_type: str) -> Judgement:
    from intake.decode import vips_decoder

    return vips_decoder.decode(memoryview(body), image_type, LIMITS.max_image_pixels)


def raises(decode: Callable[[bytes], Any], body: bytes, image_type: str) -> Judgement:
    """Return DAMAGED where a function raises."""
    del image_type
    try:
        decode(body)
    except Exception as error:  # noqa: BLE001 - each package has errors of its own
        return Verdict.DAMAGED, f"{type(error).__name__}: {error}"
    return Verdict.WHOLE, ""


def _simplejpeg(body: bytes) -> None:
    import simplejpeg

    simplejpeg.decode_jpeg(body, "RGB", strict=True)


def _lepton(body: bytes) -> None:
    import lepton_jpeg_python

    lepton_jpeg_python.compress_bytes(body, {"max_jpeg_width": 65535, "max_jpeg_height": 65535})


def _jpegxl_transcoding(body: bytes) -> None:
    import imagecodecs

    imagecodecs.jpegxl_encode_jpeg(body)


def _imagecodecs(name: str, body: bytes) -> None:
    import imagecodecs

    getattr(imagecodecs, f"{name}_decode")(body)


def _wuffs(body: bytes) -> None:
    from pywuffs.aux import ImageDecoder, ImageDecoderConfig

    found = ImageDecoder(ImageDecoderConfig()).decode(body)
    if found.error_message:
        raise ValueError(found.error_message)


def _av(body: bytes) -> None:
    import av

    with av.open(BytesIO(body), options={"err_detect": "crccheck+bitstream+buffer+explode"}) as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"err_detect": "crccheck+bitstream+buffer+careful+compliant+aggressive+explode"}
        frames = 0
        for packet in container.demux(stream):
            frames += len(packet.decode())
        if not frames:
            raise ValueError("no frame")


def _pylibjpeg(body: bytes) -> None:
    import libjpeg

    libjpeg.decode(body)


def _heif(body: bytes) -> None:
    import pillow_heif

    pillow_heif.open_heif(body, convert_hdr_to_8bit=False).load() if False else None
    for image in pillow_heif.open_heif(body, convert_hdr_to_8bit=False):
        image.load()


def _jpegli(body: bytes) -> None:
    import pyjpegli

    pyjpegli.decode(body)


def _jpeglib_dct(body: bytes) -> None:
    import tempfile

    import jpeglib

    with tempfile.NamedTemporaryFile(dir="/dev/shm") as file:
        file.write(body)
        file.flush()
        jpeglib.read_dct(file.name).load()


def _mozjpeg(body: bytes) -> None:
    import mozjpeg_lossless_optimization

    mozjpeg_lossless_optimization.optimize(body)


def strict_lzw(body: bytes, image_type: str) -> Judgement:
    from intake.decode import gif_decoder, tiff_decoder

    module = gif_decoder if image_type == "gif" else tiff_decoder
    return module.decode(memoryview(body), image_type, LIMITS.max_image_pixels)


CANDIDATES: dict[str, Candidate] = {
    "structure": structure,
    "ours": ours,
    "pillow": pillow,
    "libvips": libvips,
    "simplejpeg": partial(raises, _simplejpeg),
    "lepton": partial(raises, _lepton),
    "jxl-transcoding": partial(raises, _jpegxl_transcoding),
    "imagecodecs-jpeg": partial(raises, partial(_imagecodecs, "jpeg8")),
    "imagecodecs-webp": partial(raises, partial(_imagecodecs, "webp")),
    "imagecodecs-avif": partial(raises, partial(_imagecodecs, "avif")),
    "imagecodecs-gif": partial(raises, partial(_imagecodecs, "gif")),
    "jpegli": partial(raises, _jpegli),
    "jpeglib": partial(raises, _jpeglib_dct),
    "mozjpeg": partial(raises, _mozjpeg),
    "strict": strict_lzw,
    "wuffs": partial(raises, _wuffs),
    "av": partial(raises, _av),
    "pylibjpeg": partial(raises, _pylibjpeg),
    "pillow-heif": partial(raises, _heif),
}

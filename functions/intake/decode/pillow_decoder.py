"""Decodes with Pillow."""

from io import BytesIO

from PIL import Image, ImageFile, UnidentifiedImageError

from intake.decode.verdict import Verdict

DAMAGED = ("image file is truncated", "broken data stream", "decoding error", "image buffer overrun")
"""What the message of an OSError holds if the data is damaged. Any other error says that Pillow cannot read the kind."""


def decode(body: memoryview, image_type: str, max_pixels: int) -> tuple[Verdict, str]:
    """Decode every frame. See `decoders.decode`."""
    Image.MAX_IMAGE_PIXELS = None  # the structure has checked the size
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(BytesIO(body), formats=(image_type,)) as image:
            if image.width * image.height > max_pixels:
                return Verdict.UNSURE, f"Pillow: {image.width} by {image.height} pixels"
            for number in range(getattr(image, "n_frames", 1)):
                image.seek(number)
                image.load()
    except UnidentifiedImageError:
        return Verdict.UNSURE, "Pillow: it does not know this kind"
    except OSError as error:
        text = str(error)
        verdict = Verdict.DAMAGED if any(fault in text for fault in DAMAGED) else Verdict.UNSURE
        return verdict, f"Pillow: {text}"
    return Verdict.WHOLE, ""

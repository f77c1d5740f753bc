"""DecoderCheck: has images decoded, and turns the verdict into an error or a warning."""

from intake.decode.verdict import Verdict
from intake.image.unsupported_types import SPELLINGS
from intake.ingest.ports import Decoder, Observer
from intake.model.error_codes import CorruptImage
from intake.model.image_info import ImageInfo, ImageWarning
from intake.model.url import Url


class DecoderCheck:
    """Has images decoded, and refuses those that are damaged."""

    def __init__(self, decoder: Decoder, observer: Observer) -> None:
        """Create the check.

        Args:
            decoder: decodes images.
            observer: logs why a decoder is not sure.
        """
        self._decoder = decoder
        self._observer = observer

    def start(self) -> None:
        """See `Decoder.start`."""
        self._decoder.start()

    async def aclose(self) -> None:
        """See `Decoder.aclose`."""
        await self._decoder.aclose()

    async def check(self, body: memoryview, image: ImageInfo, url: Url) -> ImageInfo:
        """Decode an image whose structure is whole.

        Args:
            body: its bytes.
            image: its facts.
            url: its URL, for the log.

        Returns:
            The facts, with a warning if the decoder is not sure.

        Raises:
            CorruptImage: it is damaged.
        """
        verdict, reason = await self._decoder.check(body, image)
        if verdict is Verdict.DAMAGED:
            name = SPELLINGS.get(image.type, image.type.upper())
            raise CorruptImage(f"The {name} is damaged: a decoder found a fault in its compressed data.", reason=reason)
        warnings = image.warnings
        if verdict is Verdict.UNSURE:
            self._observer.decoder_unsure(url, reason)
            warnings += (ImageWarning.DECODE_WARNING,)
        return image._replace(warnings=warnings, is_decoded=True)

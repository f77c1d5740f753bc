"""PNM: faults that are refused, and odd files that are accepted."""

import pytest

from intake.image.verify import identify, verify
from intake.model.error_codes import InvalidImage, TooManyFrames, TooManyPixels
from intake.model.image_info import ImageWarning
from intake.model.limits import Limits

LIMITS = Limits(image_types=("pnm",))
RGB = bytes(range(18))
PAM = b"P7\nWIDTH 3\nHEIGHT 2\nDEPTH 2\nMAXVAL 255\nTUPLTYPE GRAYSCALE_ALPHA\nENDHDR\n"

WHOLE = {
    "bits": b"P4\n9 2\n" + bytes(4),
    "bits of whole bytes": b"P4 8 2\n" + bytes(2),
    "bytes": b"P5 3 2 255\n" + bytes(6),
    "two bytes": b"P5 3 2 256\n" + bytes(12),
    "the largest value": b"P5 3 2 65535\n" + bytes(12),
    "a comment on each line": b"P6 # by hand\n#\n3 # wide\r\n2 # high\n255\n" + RGB,
    "a comment before the white space that ends the header": b"P6 3 2 255# no comma\n" + RGB,
    "digits in a comment": b"P6\n#9 9 9\n3 2\n255\n" + RGB,
    "a comment at once": b"P6#\n3 2 255\n" + RGB,
    "a carriage return that ends the header": b"P6 3 2 255\r" + RGB,
    "samples that look like a comment": b"P6 3 2 255\n" + b"#" * 18,
    "samples that look like an image": b"P5 3 2 255\nP5 9 9",
    "a long comment": b"P6\n#" + b"x" * 50_000 + b"\n3 2 255\n" + RGB,
    "leading zeros": b"P5 0003 02 0000000255\n" + bytes(6),
    "PAM": PAM + bytes(12),
    "PAM with comments and an empty line": PAM.replace(b"DEPTH", b"# DEPTH 9\n\n \t#\nDEPTH") + bytes(12),
    "PAM of two bytes in another order": b"P7\nMAXVAL 65535\nDEPTH 1\n HEIGHT\t2 \nWIDTH 3\nENDHDR\n" + bytes(12),
    "PAM with lines that end in CR LF": PAM.replace(b"\n", b"\r\n") + bytes(12),
    "PAM with white space around its lines": b"P7\n"
    + b"".join(b"\f %b \v\t\n" % line for line in PAM[3:].split(b"\n")[:-1])
    + bytes(12),
    "PAM with an empty line of CR LF": PAM.replace(b"DEPTH", b"\r\n# DEPTH 9\r\nDEPTH") + bytes(12),
    "ASCII bits": b"P1 3 2\n0 1 0\n1 1 0\n",
    "ASCII bits without white space": b"P1 3 2\n010110",
    "ASCII bits with comments": b"P1 3 2\n01#01 not\n0#\n110",
    "ASCII grey": b"P2 3 2 9\n1 2 3\n4 5 6\n",
    "ASCII grey that ends in its largest value": b"P2 3 2 9\n1 2 3 4 5 6",
    "ASCII grey in one line": b"P2 3 2 1000\r\n1 20 300 1000 0 999 \t\v\f\r\n",
    "ASCII colors with comments": b"P3 1 2 255 # x\n255 0 0 # red\n#\n0#255\n255\r0\n",
    "ASCII colors with leading zeros": b"P3 1 2 255 000255 0 0 0 0 0\n",
}


@pytest.mark.parametrize("body", list(WHOLE.values()), ids=list(WHOLE))
def test_pnm_is_accepted(body: bytes) -> None:
    image = verify(body, LIMITS)
    assert (image.frames, image.warnings) == (1, ())
    assert (image.width, image.height) in {(3, 2), (9, 2), (8, 2), (1, 2)}


@pytest.mark.parametrize("size", [16, 17, 1024])
def test_pnm_is_identified_however_many_bytes_arrive_at_once(size: int) -> None:
    body = b"P5" + b" " * 20 + b"3 2 255\n" + bytes(6)
    assert identify(body[:size], LIMITS.image_types) == "pnm"
    assert verify(body, LIMITS).width == 3


FAULTS = {
    "a sample too few": b"P5 3 2 255\n" + bytes(5),
    "a row of bits too few": b"P4 9 2\n" + bytes(3),
    "half of the last sample": b"P5 3 2 256\n" + bytes(11),
    "no white space behind its header": b"P5 3 2 255",
    "a header without a height": b"P5 3\n",
    "a header that ends in a comment": b"P6\n#" + b"x" * 100,
    "a negative height": b"P5 3 -2 255\n" + bytes(6),
    "a width in words": b"P5 3 two 255\n" + bytes(6),
    "a width of many digits": b"P5 33333333333 2 255\n" + bytes(6),
    "no width": b"P5 0 2 255\n",
    "no height": b"P5 2 0 255\n",
    "a largest value of 0": b"P5 3 2 0\n" + bytes(6),
    "a largest value of 65536": b"P5 3 2 65536\n" + bytes(12),
    "a comment longer than any header": b"P5 #" + b"x" * 70_000 + b"\n3 2 255\n" + bytes(6),
    "PAM without a depth": PAM.replace(b"DEPTH 2\n", b"") + bytes(12),
    "PAM with a depth of 0": PAM.replace(b"DEPTH 2", b"DEPTH 0"),
    "PAM with a width in words": PAM.replace(b"WIDTH 3", b"WIDTH three") + bytes(12),
    "PAM with a width that is missing": PAM.replace(b"WIDTH 3", b"WIDTH") + bytes(12),
    "PAM with a line of 70,000 bytes": PAM.replace(b"WIDTH 3", b"#" * 70_000) + bytes(12),
    "PAM without the end of its header": PAM.replace(b"ENDHDR\n", b"") + bytes(12),
    "PAM without its last sample": PAM + bytes(11),
    "an ASCII bit too few": b"P1 3 2\n01011",
    "an ASCII bit that is 2": b"P1 3 2\n010112\n",
    "an ASCII sample too few": b"P2 3 2 9\n1 2 3 4 5\n",
    "ASCII samples in a comment": b"P2 3 2 9\n1 2 3 4 5 #6\n",
    "an ASCII sample in hexadecimal": b"P2 3 2 255\n1 2 3 4 5 ff\n",
    "a negative ASCII sample": b"P2 3 2 255\n1 2 -3 4 5 6\n",
    "an ASCII sample of 70,000 digits": b"P2 3 2 255\n" + b"1" * 70_000 + b" 1 1 1 1 1\n",
    "bytes in place of ASCII samples": b"P2 3 2 255\n" + bytes(90),
    "another image that is truncated": b"P5 3 2 255\n" + bytes(6) + b"P5 3 2 255\n" + bytes(5),
    "half a name of another image": b"P5 3 2 255\n" + bytes(6) + b"P",
}


@pytest.mark.parametrize("body", list(FAULTS.values()), ids=list(FAULTS))
def test_pnm_is_invalid_when_faulty(body: bytes) -> None:
    with pytest.raises(InvalidImage, match=r"^The PNM .*\.$") as refused:
        verify(body, LIMITS, len(body))
    assert refused.value.reason


@pytest.mark.parametrize("body", [b"P2 3 2 255\n1 2 3 4 5 6", b"P3 1 1 65535\n1 2 6553", b"P2 1 1 255 25"])
def test_last_sample_in_ascii_is_proven_by_the_length_of_the_file(body: bytes) -> None:
    """Without white space behind it, its last digits may be missing."""
    assert verify(body, LIMITS, len(body)).warnings == (ImageWarning.MISSING_TRAILER,)
    for known in (None, len(body) + 1):
        with pytest.raises(InvalidImage, match="may have more digits"):
            verify(body, LIMITS, known)
    assert verify(body + b"\n", LIMITS).warnings == ()


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 200_000])
@pytest.mark.parametrize("sample", [b"1 ", b"22 ", b"333\n", b"1#2\n"])
def test_samples_in_ascii_are_counted_at_any_length(size: int, sample: bytes) -> None:
    """They are counted in windows of 65,536 bytes."""
    count = size // len(sample)
    body = b"P2 %d 1 999\n" % count + sample * count
    assert count == verify(body, LIMITS).width
    assert verify(body + sample, LIMITS).warnings == (ImageWarning.TRAILING_DATA,)
    with pytest.raises(InvalidImage):
        verify(body[: -len(sample)], LIMITS)


def test_frames_are_the_images_of_a_binary_file() -> None:
    """Nothing in a file says how many there are, so a file that is cut between two of them has fewer frames."""
    images = [b"P5 3 2 255\n" + bytes(6), b"P6\n1 1\n255\n#1\n", b"P4 1 1\n\0", PAM + bytes(12)]
    whole = b"".join(images)
    frames = {len(b"".join(images[:count])): count for count in range(1, 5)}
    for size in range(5, len(whole) + 1):
        if size in frames:
            assert (3, 2, frames[size]) == verify(whole[:size], LIMITS)[1:4]
        else:
            with pytest.raises(InvalidImage):
                verify(whole[:size], LIMITS)
    with pytest.raises(TooManyFrames):
        verify(whole, Limits(image_types=("pnm",), max_image_frames=3))


@pytest.mark.parametrize("head", [b"P1 50001 1000\n", b"P5 4294967295 4294967295 255\n", b"P6 9999999999 1 255\n"])
def test_pnm_is_refused_when_its_header_has_too_many_pixels(head: bytes) -> None:
    with pytest.raises(TooManyPixels):
        verify(head, LIMITS)

"""The decoders: whole images of every kind, damage that each of them finds, and what proves nothing."""

import sys
from collections.abc import Callable
from io import BytesIO
from random import Random
from types import ModuleType
from typing import Any

import pytest
from PIL import Image

from intake.decode.decoders import DECODERS, decode
from intake.decode.verdict import DECODED_TYPES, Verdict
from support.crafted_images import gif, gif_frame, samsung_trailer
from support.sample_images import SAMPLES, jpeg_of_size, picture

MAX_PIXELS = 1_000_000
UNREAD = {
    "avif: in its idat box",
    "avif: only a track",
    "avif: sequence",
    "avif: sequence with alpha",
    "jpeg: arithmetic",
    "jpeg: extended",
    "jpeg: lossless",
    "jpeg: progressive arithmetic",
    "jpeg: stray bytes",
}
"""Samples that no decoder reads: they have no picture data, are of a rare kind, or have bytes between segments."""


def saved(type_: str, mode: str = "RGB", **options: Any) -> bytes:
    """Return a picture whose rows differ."""
    target = BytesIO()
    noise = Image.open(BytesIO(picture(96, 64, 3, "png"))).resize((240, 160), Image.Resampling.BICUBIC).convert(mode)
    noise.save(target, type_, **options)
    return target.getvalue()


def check(body: bytes, type_: str, max_pixels: int = MAX_PIXELS) -> Verdict:
    verdict, reason = decode(memoryview(body), type_, max_pixels)
    assert bool(reason) == (verdict != Verdict.WHOLE)
    return verdict


@pytest.mark.parametrize("name", [name for name, sample in SAMPLES.items() if sample.type in DECODED_TYPES])
def test_whole_image_is_never_called_damaged(name: str) -> None:
    expected = Verdict.UNSURE if name in UNREAD else Verdict.WHOLE
    assert check(SAMPLES[name].data, SAMPLES[name].type) == expected


BODIES: dict[str, tuple[str, bytes]] = {
    "baseline": ("jpeg", saved("JPEG", quality=90)),
    "progressive": ("jpeg", saved("JPEG", quality=90, progressive=True)),
    "restarts": ("jpeg", saved("JPEG", restart_marker_blocks=5)),
    "gif": ("gif", saved("GIF", "L")),
    "interlaced gif": ("gif", saved("GIF", "L", interlace=1)),
    "lossless webp": ("webp", saved("WEBP", lossless=True)),
    "animated webp": (
        "webp",
        saved("WEBP", "RGBA", lossless=True, save_all=True, append_images=[Image.new("RGBA", (240, 160))]),
    ),
    "avif": ("avif", saved("AVIF")),
    "lzw": ("tiff", saved("TIFF", compression="tiff_lzw")),
    "deflate": ("tiff", saved("TIFF", compression="tiff_adobe_deflate")),
    "tiff of jpeg": ("tiff", saved("TIFF", compression="jpeg")),
    "lzw with reversed bits": ("tiff", saved("TIFF", compression="tiff_lzw", tiffinfo={266: 2})),
    "deflate with reversed bits": ("tiff", saved("TIFF", compression="tiff_adobe_deflate", tiffinfo={266: 2})),
    "fax": ("tiff", saved("TIFF", "1", compression="group4")),
}


DETECTED = [
    (11, "baseline"),
    (11, "progressive"),
    (11, "restarts"),
    (10, "gif"),
    (10, "interlaced gif"),
    (11, "avif"),
    (11, "lzw"),
    (11, "deflate"),
    (11, "lzw with reversed bits"),
    (11, "deflate with reversed bits"),
    (10, "tiff of jpeg"),
]
"""How many of the eleven damages of each picture are detected."""


def overwrite(body: bytes, data: bytes, at: int) -> bytes:
    return body[:at] + data + body[at + len(data) :]


def damages(body: bytes) -> list[bytes]:
    """Return copies with foreign data at eleven places behind the headers. The data has no marker of a JPEG."""
    noise = Random(5).randbytes(len(body) // 20).replace(b"\xff", b"\xfe")
    return [overwrite(body, noise, at) for at in range(len(body) // 3, len(body) * 9 // 10, len(body) // 18)]


@pytest.mark.parametrize(("least", "name"), DETECTED)
def test_foreign_data_is_detected(least: int, name: str) -> None:
    type_, body = BODIES[name]
    assert check(body, type_) == Verdict.WHOLE
    verdicts = [check(damaged, type_) for damaged in damages(body)]
    assert verdicts.count(Verdict.DAMAGED) >= least


@pytest.mark.parametrize("name", ["lossless webp", "animated webp"])
def test_impossible_codes_of_a_webp_are_detected(name: str) -> None:
    type_, body = BODIES[name]
    assert check(body, type_) == Verdict.WHOLE
    start = body.index(b"VP8L") + 13
    assert check(overwrite(body, bytes(range(1, 64)), start), type_) == Verdict.DAMAGED


def test_damage_proves_nothing_when_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    type_, body = BODIES["lossless webp"]
    damaged = overwrite(body, bytes(range(1, 64)), body.index(b"VP8L") + 13)
    monkeypatch.setattr("resource.getrlimit", lambda _: (1 << 20, 1 << 20))
    assert check(damaged, type_) == Verdict.UNSURE
    monkeypatch.setattr("resource.getrlimit", lambda _: (1 << 40, 1 << 40))
    assert check(damaged, type_) == Verdict.DAMAGED


def test_fax_with_foreign_data_gets_a_warning() -> None:
    type_, body = BODIES["fax"]
    assert Verdict.WHOLE not in [check(damaged, type_) for damaged in damages(body)]


@pytest.mark.parametrize(("expected", "rows", "height"), [(Verdict.WHOLE, 32, 150), (Verdict.DAMAGED, 50, 161)])
@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate"])
def test_last_strip_may_have_all_its_rows(compression: str, rows: int, height: int, expected: Verdict) -> None:
    """Some writers pad it. Decoders read the rows that they need."""
    entry = b"\x01\x01\x03\0\1\0\0\0"
    body = saved("TIFF", compression=compression, tiffinfo={278: rows})
    at = body.index(entry) + len(entry)
    assert check(overwrite(body, height.to_bytes(2, "little"), at), "tiff") == expected


@pytest.mark.parametrize("name", ["deflate", "avif"])
def test_every_changed_bit_of_the_data_is_detected(name: str) -> None:
    type_, body = BODIES[name]
    for at in range(len(body) // 2, len(body) // 2 + 24):
        assert check(overwrite(body, bytes((body[at] ^ 0x10,)), at), type_) == Verdict.DAMAGED


@pytest.mark.parametrize(("expected", "width"), [(Verdict.WHOLE, 3), (Verdict.DAMAGED, 2), (Verdict.DAMAGED, 4)])
def test_gif_frame_has_exactly_its_pixels(expected: Verdict, width: int) -> None:
    clear_literals_end = (4 | 1 << 3 | 2 << 6 | 3 << 9 | 5 << 12).to_bytes(2, "little")
    body = gif(gif_frame(width=width, height=1, data=b"\2" + clear_literals_end + b"\0"))
    assert check(body, "gif") == expected


@pytest.mark.parametrize(
    ("left_over", "expected"), [(b"\1" * 7, Verdict.WHOLE), (b"\1" * 14, Verdict.UNSURE), (b"\1" * 15, Verdict.DAMAGED)]
)
def test_bytes_behind_a_scan_are_damage_when_they_are_many(left_over: bytes, expected: Verdict) -> None:
    body = jpeg_of_size(5000, seed=1)
    assert check(body[:-2] + left_over + body[-2:], "jpeg") == expected


@pytest.mark.parametrize("name", ["baseline", "progressive"])
@pytest.mark.parametrize("marker", [b"\xff\xdb", b"\xff\xc4", b"\xff\xda"])
def test_bytes_before_the_first_scan_are_no_damage(name: str, marker: bytes) -> None:
    """Viewers skip them."""
    _, body = BODIES[name]
    at = body.index(marker)
    assert check(body[:at] + bytes(20) + body[at:], "jpeg") == Verdict.UNSURE


@pytest.mark.parametrize("name", ["baseline", "progressive"])
@pytest.mark.parametrize("eoi", [b"\xff\xd9", b""])
def test_trailer_of_a_phone_is_no_damage_of_a_jpeg(name: str, eoi: bytes) -> None:
    """It may be in place of the EOI marker, and a video in it may hold any bytes."""
    trailer = samsung_trailer(b"MotionPhoto_Data" + bytes(range(1, 256)) + b"\xff\xd9\xff\xd8")
    _, body = BODIES[name]
    assert check(body[:-2] + eoi + trailer, "jpeg") == Verdict.WHOLE
    assert check(body[: len(body) // 2] + eoi + trailer, "jpeg") == Verdict.DAMAGED


@pytest.mark.parametrize("name", ["baseline", "lossless webp", "avif", "fax"])
def test_image_with_too_many_pixels_is_not_decoded(name: str) -> None:
    type_, body = BODIES[name]
    assert check(body, type_, max_pixels=240 * 160 - 1) == Verdict.UNSURE


def test_type_without_a_decoder_is_left_alone() -> None:
    assert check(SAMPLES["bmp: rgb"].data, "bmp") == Verdict.UNSURE


def test_every_decoded_type_has_a_decoder() -> None:
    assert DECODERS.keys() == DECODED_TYPES


def raise_(error: Exception) -> Callable[..., None]:
    def decode_badly(*_: object) -> None:
        raise error

    return decode_badly


@pytest.mark.parametrize("error", [MemoryError(), ValueError("odd"), KeyError(3)])
def test_fault_of_a_decoder_proves_nothing(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("intake.decode.jpeg_decoder")
    monkeypatch.setattr(module, "decode", raise_(error), raising=False)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    assert check(BODIES["baseline"][1], "jpeg") == Verdict.UNSURE

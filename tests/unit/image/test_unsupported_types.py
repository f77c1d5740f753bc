"""What a body is that is no image of an accepted type."""

from struct import pack

import pytest

from intake.image.formats import FORMATS, HEAD_BYTES
from intake.image.unsupported_types import SNIFFED_BYTES, describe
from intake.image.verify import identify, verify
from intake.model.error_codes import UnsupportedType
from intake.model.limits import Limits
from support.sample_images import SAMPLES, Sample, picture

BOM = b"\xef\xbb\xbf"
XML = b"<?xml version='1.0' encoding='UTF-8'?>\n"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' width='10'>"
SVG_DOCTYPE = b"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' 'http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd'>"
HTML = b"<!doctype html><html><head><title>%b</title></head><body>"
COMMENT = b"<!-- Copyright (C) Example <b>Corporation</b>. -->\r\n"


def ftyp(*brands: bytes) -> bytes:
    return pack(">I4s4sI", 16 + 4 * len(brands[1:]), b"ftyp", brands[0], 0) + b"".join(brands[1:]) + bytes(20)


FOUND: dict[str, list[bytes]] = {
    "an SVG image": [
        SVG,
        BOM + SVG,
        b"\n\n  " + SVG,
        XML + SVG,
        BOM + XML + COMMENT + SVG_DOCTYPE + SVG,
        SVG_DOCTYPE,
        XML + b"<!DOCTYPE svg [\n<!ENTITY ns 'http://ns.adobe.com/'>\n]>" + SVG,
        b"<svg:svg xmlns:svg='http://www.w3.org/2000/svg'>",
        b"<SVG>" + bytes(20),
        (XML + SVG).decode().encode("utf-16"),
        SVG.decode().encode("utf-16-le"),
        SVG.decode().encode("utf-16-be"),
    ],
    "an HTML page": [
        HTML % b"404 Not Found",
        b"<!DOCTYPE HTML PUBLIC '-//W3C//DTD HTML 4.01//EN'>",
        b" \t\r\n<HtMl lang=en>",
        COMMENT + b"<html>",
        b"<script>location.href = 'https://www.example'</script>",
        XML + b"<!DOCTYPE html><html xmlns='http://www.w3.org/1999/xhtml'>",
        b"<h1>It works!</h1>",
        b"<strong>Error</strong> 1020",
        b"<body><svg></svg></body>",
        HTML.decode().encode("utf-16"),
        b"<html>\xe9\xe8\x93\x81</html>",
    ],
    "a Microsoft sign-in page": [
        b"\r\n\r\n<!-- Copyright (C) Microsoft Corporation. -->\r\n" + HTML % b"Sign in to your account",
        b"<html><head><link href='https://aadcdn.msftauth.net/shared/1.0/'>",
        b"<html><body onload=\"location='https://login.microsoftonline.com/common/oauth2'\">",
    ],
    "a sign-in page": [HTML % b"Please log in", HTML % b"Sign-In - Example", HTML % b"x" + b"<input type=password>"],
    "a page that checks for robots": [HTML % b"Just a moment...", HTML % b"x" + b"<div class=g-recaptcha>"],
    "an XML document": [
        XML + b"<Error><Code>AccessDenied</Code></Error>",
        b"<Error><Code>NoSuchKey</Code></Error>",
        b"<!-- " + b"a" * SNIFFED_BYTES + b" -->" + SVG,
        b"<!DOCTYPE note SYSTEM 'Note.dtd'><note>",
        b"<?xml version='1.",
    ],
    "a JSON document": [b'{"message": "no such image"}', b"[1, 2, 3]    \n  ", BOM + b'\n[{"a": true}]  ', b"{}\n" * 9],
    "plain text": [
        b"404 page not found\n",
        b"B",
        "Bild nicht gefunden: größer".encode(),
        "画像が見つかりません".encode()[:29],
        "Accès refusé à cette image".encode("latin-1"),
        b"BMW is a maker of cars, and this is a text.",
        b"P1 is the first of the priorities.",
        b"[not a list, but a text",
        b"The wide picture is not here",
        b"---\nerror: content-type: unknown\n",
    ],
    "a Git LFS pointer, not the file itself": [
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n"
    ],
    "an image in base64, not its bytes": [b"/9j/4AAQSkZJRgABAQAAAQ", b'"iVBORw0KGgoAAAANSUhEUg"'],
    "a data: URL": [b"data:image/png;base64,iVBORw0KGgo="],
    "an HTTP response inside the body": [
        b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR",
        b"HTTP/1.0 404 Not Found\r\n\r\n",
    ],
    "a multipart body": [
        b"--boundary-1\r\nContent-Disposition: form-data; name=x\r\n\r\n",
        b"--myboundary\r\nContent-Type: image/jpeg\r\nContent-Length: 9\r\n\r\n\xff\xd8\xff\xe0\0\x10JFIF\0",
        b"\r\n--frame\r\nX-Timestamp: 0.0\r\ncontent-type: image/jpeg\r\n\r\n\xff\xd8\xff\xe0\0\x10JFIF\0",
        b"\n----=_Part 1\nX-A: 1\nX-B: 2\nContent-Type:image/jpeg\n\n\xff\xd8\xff\xdb\0\x43\0",
    ],
    "white space": [b"\n" * 20],
    "a row of zero bytes": [bytes(16), bytes(5000)],
    "a PDF document": [
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj",
        BOM + b"%PDF-1.4\n" + bytes(9),
        b"\r\n%PDF-1.4\n1 0 obj <<",
    ],
    "a PostScript document": [b"%!PS-Adobe-3.0\n%%Title: x"],
    "an EPS image": [b"%!PS-Adobe-3.0 EPSF-3.0\n%%B", b"\xc5\xd0\xd3\xc6" + bytes(30)],
    "a HEIC image": [
        ftyp(b"heic", b"mif1", b"heic"),
        ftyp(b"mif1", b"mif1", b"miaf", b"heix"),
        ftyp(b"msf1", b"hevc"),
        ftyp(b"MiHE", b"heic"),
    ],
    "a HEIF image": [
        ftyp(b"mif1", b"mif1", b"unif"),
        ftyp(b"miaf"),
        ftyp(b"MiHE"),
        ftyp(b"1pic"),
        ftyp(b"what", b"mif1"),
    ],
    "an AVIF image in its minimized form": [b"\0\0\0\x10ftypmif3avif\0\0\0\x59mini"],
    "a HEIC image in its minimized form": [b"\0\0\0\x10ftypmif3heic\0\0\0\x59mini"],
    "a HEIF image with AVC data (H.264)": [
        ftyp(b"avci", b"mif1", b"avci"),
        ftyp(b"mif1", b"avci"),
        ftyp(b"avcs", b"msf1"),
    ],
    "a HEIF image with VVC data (H.266)": [ftyp(b"vvic", b"mif1"), ftyp(b"mif1", b"mif1", b"vvis")],
    "a HEIF image with JPEG data": [ftyp(b"jpeg", b"mif1", b"jpeg"), ftyp(b"mif1", b"miaf", b"jpeg")],
    "a HEIF image with JPEG 2000 data": [ftyp(b"j2ki", b"mif1")],
    "a JPEG XL image": [b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(20)],
    "a bare JPEG XL codestream, without its container": [b"\xff\x0a" + bytes(20)],
    "an ICO icon": [b"\0\0\1\0\1\0\x10\x10" + bytes(20)],
    "an OS/2 icon or pointer": [
        b"IC\x1a\0\0\0\0\0\0\0\x4e\0\0\0\x0c\0\0\0 \0@\0\1\0\1\0",
        b"CP" + bytes(12) + b"\x40\0\0\0",
    ],
    "a CUR cursor": [b"\0\0\2\0\1\0\x20\x20\0\0\x0f\0\x0f\0" + bytes(20)],
    "a Photoshop document (PSD)": [b"8BPS\0\1" + bytes(6) + b"\0\3" + bytes(9), b"8BPS\0\2" + bytes(20)],
    "a JPEG 2000 image": [b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14ftypjp2 ", b"\xff\x4f\xff\x51\0\x2f" + bytes(20)],
    "a JPEG-LS image": [b"\xff\xd8\xff\xf7\0\x0b\x08" + bytes(20)],
    "a JPEG XR image": [b"II\xbc\1\x20\0\0\0" + bytes(20)],
    "a PNM image": [
        b"P6\n640 480\n255\n" + bytes(9),
        b"P5 # a comment\n 3 3 9 ",
        b"P7\nWIDTH 4\nHEIGHT 4",
    ],
    "a PFM image": [b"PF\n3 2\n-1.0\n" + bytes(9), b"Pf\n3 2\n1.0\n" + bytes(9)],
    "an animated cursor (ANI)": [b"RIFF\x24\0\0\0ACONanih" + bytes(20)],
    "a QOI image": [b"qoif\0\0\0\1\0\0\0\1\4\0" + bytes(9)],
    "a DDS image": [b"DDS \x7c\0\0\0" + bytes(20)],
    "an OpenEXR image": [b"v/1\1\2\0\0\0channels\0chlist"],
    "a DICOM image": [bytes(128) + b"DICM\2\0\0\0"],
    "a FITS image": [b"SIMPLE  =                    T / conforms"],
    "a TGA image": [
        bytes(2) + b"\2" + bytes(9) + pack("<HHBB", 64, 48, 24, 0x20) + bytes(9),
        b"\x1a\0\x0a" + bytes(9) + pack("<HHBB", 640, 480, 32, 8) + bytes(9),
        b"\0\1\1\0\0\0\1\x18" + bytes(4) + pack("<HHBB", 300, 200, 8, 0) + bytes(9),
    ],
    "a WMF image": [b"\xd7\xcd\xc6\x9a" + bytes(20), b"\1\0\x09\0\0\3" + bytes(20)],
    "an EMF image": [b"\1\0\0\0\x6c\0\0\0" + bytes(32) + b" EMF" + bytes(9)],
    "a DjVu document": [b"AT&TFORM\0\0\0\x99DJVUINFO"],
    "a camera raw file (CR3)": [ftyp(b"crx ", b"crx ", b"isom")],
    "a camera raw file (RAF)": [b"FUJIFILMCCD-RAW 0201FF"],
    "a camera raw file (ORF)": [b"IIRO\x08\0\0\0" + bytes(20), b"MMOR\0\0\0\x08" + bytes(20)],
    "a camera raw file (RW2)": [b"IIU\0\x18\0\0\0" + bytes(20)],
    "a video (MP4)": [ftyp(b"isom", b"isom", b"mp41"), ftyp(b"mp42"), ftyp(b"M4V "), b"\0\0\0\x18stypmsdh" + bytes(20)],
    "a video (QuickTime)": [
        ftyp(b"qt  "),
        b"\0\0\0\x08wide\0\0\0\x99mdat",
        b"\0\1\0\0moov" + bytes(20),
        b"\0\0\0\x08skip\0\0\1\0mdat",
    ],
    "a video (AVI)": [b"RIFF\x99\0\0\0AVI LIST"],
    "a video (WebM or Matroska)": [b"\x1a\x45\xdf\xa3\x9f\x42\x86\x81" + bytes(20)],
    "a video (MPEG)": [b"\0\0\1\xba\x44" + bytes(20), b"\0\0\1\xb3\x14" + bytes(20), (b"G" + bytes(187)) * 3],
    "an audio file (WAV)": [b"RIFF\x24\0\0\0WAVEfmt " + bytes(20)],
    "an audio file (MP3)": [b"ID3\3\0\0" + bytes(20), b"\xff\xfb\x90\x64" + bytes(20)],
    "a ZIP archive": [b"PK\3\4\x14\0\0\0" + bytes(22) + b"photo.jpg", b"PK\5\6" + bytes(18)],
    "an Office document (docx, xlsx or pptx)": [b"PK\3\4\x14\0\6\0" + bytes(22) + b"[Content_Types].xml"],
    "gzip data": [b"\x1f\x8b\x08" + bytes(20)],
    "a 7-Zip archive": [b"7z\xbc\xaf\x27\x1c" + bytes(20)],
    "a program": [b"\x7fELF\2\1\1" + bytes(20), b"MZ\x90\0\3" + bytes(20)],
}
EVERY = [
    pytest.param(found, body, id=f"{found} {at}") for found, bodies in FOUND.items() for at, body in enumerate(bodies)
]


@pytest.mark.parametrize(("found", "body"), EVERY)
def test_error_says_what_the_body_is_and_which_types_are_accepted(found: str, body: bytes) -> None:
    with pytest.raises(UnsupportedType) as refused:
        verify(body, Limits(image_types=("jpeg", "png", "avif")))
    if found == "a HEIF image" or "avif" not in body[:40].decode("latin-1"):
        assert refused.value.message == f"This is {found}; accepted types: jpeg, png, avif."
    assert found == describe(body[:SNIFFED_BYTES])
    assert bytes(body[:HEAD_BYTES]).hex() in (refused.value.reason or "") or "HEIF" in (refused.value.reason or "")


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"\x93\x01\x02\x03" * 9,
        b"RIFF\x24\0\0\0ABCDefgh",
        bytes(range(1, 30)),
        b"\0\1" * 20,
        b"QOIF\0\0\0\1" * 3,
    ],
)
def test_error_names_the_accepted_types_when_the_body_is_not_known(body: bytes) -> None:
    with pytest.raises(UnsupportedType, match=r"^The bytes are not an image of a known type; accepted types: jpeg\.$"):
        verify(body, Limits(image_types=("jpeg",)))


@pytest.mark.parametrize(
    ("type_", "found"),
    [
        *(("jpeg", "a JPEG image"), ("png", "a PNG image"), ("gif", "a GIF image"), ("webp", "a WebP image")),
        *(("bmp", "a BMP image"), ("tiff", "a TIFF image"), ("avif", "an AVIF image"), ("jp2", "a JPEG 2000 image")),
        *(("ico", "an ICO icon"), ("cur", "a CUR cursor"), ("j2c", "a JPEG 2000 image"), ("pnm", "a PNM image")),
        *(("heic", "a HEIC image"), ("jxl", "a JPEG XL image")),
    ],
)
def test_error_names_a_type_that_this_deployment_does_not_accept(type_: str, found: str) -> None:
    others = [other for other in FORMATS if other not in {type_, "jls"}]  # some begin like a JPEG
    for body in [picture(9, 9, 1, type_), *(sample.data for sample in SAMPLES.values() if sample.type == type_)]:
        with pytest.raises(UnsupportedType, match=f"^This is {found}; accepted types: {', '.join(others)}\\.$"):
            identify(body[:SNIFFED_BYTES], others)


def test_error_names_a_raw_file_when_tiff_is_not_accepted() -> None:
    with pytest.raises(UnsupportedType, match=r"^This is a camera raw file \(CR2\); accepted types: jpeg\.$"):
        identify(b"II*\0\x10\0\0\0CR\2\0" + bytes(9), ["jpeg"])


def test_error_never_echoes_the_body() -> None:
    for bodies in FOUND.values():
        for body in bodies:
            text = b"secret-word"
            with pytest.raises(UnsupportedType) as refused:
                identify(body[: SNIFFED_BYTES - len(text)] + text, ["jpeg"])
            assert "secret" not in refused.value.message


DESCRIBED = {"avif": "an AVIF image", "jls": "a JPEG-LS image", "ico": "an ICO icon", "cur": "a CUR cursor"} | {
    **dict.fromkeys(("jp2", "j2c"), "a JPEG 2000 image"),
    "pnm": "a PNM image",
    "heic": "a HEIC image",
    "jxl": "a JPEG XL image",
}


@pytest.mark.parametrize("sample", SAMPLES.values(), ids=list(SAMPLES))
def test_image_is_never_described_as_another_type(sample: Sample) -> None:
    found = describe(sample.data[:SNIFFED_BYTES])
    assert found in {None, DESCRIBED.get(sample.type)}

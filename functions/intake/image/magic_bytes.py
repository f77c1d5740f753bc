"""The first bytes of types that are not accepted: what the type is called, and a regular expression.

The first row that matches counts. Sources: the specification of each type, and the MIME sniffing standard of the WHATWG
for HTML.
"""

type Rows = tuple[tuple[str, bytes], ...]

_BRANDS = rb".{4}ftyp(?:mif[123]|msf1|miaf|Mi[A-Z][A-Za-z]|1pic|avio|MA1[AB]|tmap)(?:.{4}){0,60}?"
"""A HEIF file whose first brand says nothing about the compression; the brands that follow do."""
_HEVC_BRANDS = rb"he[iv][cxms]"
_ELEMENTS = (
    b"html head body title script style meta link base noscript iframe form table center div main section header nav "
    b"article h[1-6] p a b i em strong small br hr ul ol img font span pre input button frameset"
)
_HTML = rb"(?i)<(?:!doctype(?:\s+html|\s*>)|(?:" + _ELEMENTS.replace(b" ", b"|") + rb")[\s>/])"

_PICTURES: Rows = (
    ("an AVIF image in its minimized form", rb".{4}ftypmif3avif"),
    ("a HEIC image in its minimized form", rb".{4}ftypmif3" + _HEVC_BRANDS),
    ("an AVIF image", rb".{4}ftypavi[fs]|" + _BRANDS + rb"avi[fs]"),
    ("a HEIC image", rb".{4}ftyp" + _HEVC_BRANDS + rb"|" + _BRANDS + _HEVC_BRANDS),
    ("a HEIF image with AVC data (H.264)", rb".{4}ftypavc[is]|" + _BRANDS + rb"avc[is]"),
    ("a HEIF image with VVC data (H.266)", rb".{4}ftypvvi[cs]|" + _BRANDS + rb"vvi[cs]"),
    ("a HEIF image with JPEG data", rb".{4}ftypjp(?:eg|gs)|" + _BRANDS + rb"jp(?:eg|gs)"),
    ("a HEIF image with JPEG 2000 data", rb".{4}ftypj2k[is]|" + _BRANDS + rb"j2k[is]"),
    ("a HEIF image", rb".{4}ftyp(?:mif[123]|msf1|miaf|Mi[A-Z][A-Za-z]|1pic|.{8}(?:.{4}){0,60}?(?:mif1|msf1))"),
    ("a JPEG XL image", rb"\0\0\0\x0cJXL \r\n\x87\n"),
    ("a bare JPEG XL codestream, without its container", rb"\xff\x0a"),
    ("a JPEG 2000 image", rb"\0\0\0\x0cjP(?:  |\x1a\x1a)\r\n\x87\n|\xff\x4f\xff\x51\0"),
    ("a JPEG-LS image", rb"\xff\xd8\xff\xf7"),
    ("a JPEG XR image", rb"II\xbc[\0\x01]"),
    ("an animated cursor (ANI)", rb"RIFF.{4}ACON"),
    ("an ICO icon", rb"\0\0\x01\0(?!\0\0)"),
    ("a CUR cursor", rb"\0\0\x02\0(?!\0\0)"),
    ("an ICNS icon", rb"icns"),
    ("a Photoshop document (PSD)", rb"8BPS\0[\x01\x02]"),
    ("a GIMP document (XCF)", rb"gimp xcf"),
    ("a PNM image", rb"P[1-6](?:\s|#[^\r\n]*[\r\n])*+\d+\s+\d|P7\r?\n(?:#|[A-Z]+ )"),
    ("a PFM image", rb"P[Ff]\s+\d+\s+\d"),
    ("a QOI image", rb"qoif"),
    ("a DDS image", rb"DDS \x7c\0\0\0"),
    ("an OpenEXR image", rb"v/1\x01"),
    ("a DICOM image", rb".{128}DICM"),
    ("a FITS image", rb"SIMPLE  ="),
    ("a WMF image", rb"\xd7\xcd\xc6\x9a|[\x01\x02]\0\x09\0\0[\x01\x03]"),
    ("an EMF image", rb"\x01\0\0\0.{36} EMF"),
    ("a DjVu document", rb"AT&TFORM"),
    ("a PCX image", rb"\x0a[\0\x02-\x05][\0\x01][\x01\x02\x04\x08\x18]"),
    ("an IFF image", rb"FORM.{4}(?:ILBM|PBM )"),
    ("an OS/2 bitmap array", rb"BA.{12}(?:BM|CI|IC|CP|PT)"),
    ("an OS/2 icon or pointer", rb"(?:CI|IC|CP|PT).{12}[\x0c\x10\x28\x40]\0\0\0"),
    ("a DIB without the file header of a BMP", rb"\x28\0\0\0.{8}\x01\0[\x01\x04\x08\x10\x18\x20]\0"),
    ("a Sun raster image", rb"\x59\xa6\x6a\x95"),
    ("an SGI image", rb"\x01\xda[\0\x01][\x01\x02]\0[\x01-\x03]"),
    ("a Radiance HDR image", rb"#\?R(?:ADIANCE|GBE)"),
    ("an MNG or JNG image", rb"[\x8a\x8b][MJ]NG\r\n\x1a\n"),
    ("a FLIF image", rb"FLIF"),
    ("a BPG image", rb"BPG\xfb"),
    ("a KTX texture", rb"\xabKTX "),
    ("a camera raw file (CR2)", rb"II\*\0.{4}CR"),
    ("a camera raw file (CR3)", rb".{4}ftypcrx "),
    ("a camera raw file (RAF)", rb"FUJIFILMCCD-RAW"),
    ("a camera raw file (ORF)", rb"II(?:RO|RS)|MMOR"),
    ("a camera raw file (RW2)", rb"IIU\0"),
    ("a camera raw file (X3F)", rb"FOVb"),
    ("a camera raw file (MRW)", rb"\0MRM"),
    # No signature: color map type, image type, an empty or a plausible color map, size, bits in a pixel.
    ("a TGA image", rb".\0[\x02\x03\x0a\x0b]\0{5}.{4}(?!\0\0)..(?!\0\0)..[\x08\x0f\x10\x18\x20][\0-\x3f]"),
    ("a TGA image", rb".\x01[\x01\x09]..(?!\0\0)..[\x0f\x10\x18\x20].{4}(?!\0\0)..(?!\0\0)..[\x08\x10][\0-\x3f]"),
)

_MEDIA: Rows = (
    ("an audio file (M4A)", rb".{4}ftypM4[AB] "),
    ("a video (QuickTime)", rb".{4}ftypqt  |[^ -~].{3}(?:moov|wide|mdat|free|skip|pnot)"),
    ("a video (MP4)", rb".{4}ftyp|[^ -~].{3}(?:styp|moof)"),
    ("a video (AVI)", rb"RIFF.{4}AVI "),
    ("a video (WebM or Matroska)", rb"\x1a\x45\xdf\xa3"),
    ("a video (MPEG)", rb"\0\0\x01[\xb3\xba]|G.{187}G"),
    ("a video (Flash)", rb"FLV\x01"),
    ("a Flash file", rb"[FCZ]WS[\x01-\x40]"),
    ("a Windows Media file", rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11"),
    ("an Ogg file", rb"OggS"),
    ("an audio file (WAV)", rb"RIFF.{4}WAVE"),
    ("an audio file (FLAC)", rb"fLaC"),
    ("an audio file (MP3)", rb"ID3[\x02-\x04]|\xff[\xf2\xf3\xfa\xfb]"),
)

_ARCHIVES: Rows = (
    (
        "an Office document (docx, xlsx or pptx)",
        rb"PK\x03\x04.{26}(?:\[Content_Types\]\.xml|_rels/|docProps/|word/|xl/|ppt/)",
    ),
    ("an OpenDocument file", rb"PK\x03\x04.{26}mimetypeapplication/vnd\.oasis"),
    ("an EPUB book", rb"PK\x03\x04.{26}mimetypeapplication/epub"),
    ("a ZIP archive", rb"PK(?:\x03\x04|\x05\x06|\x07\x08)"),
    ("an Office document (doc, xls or ppt)", rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
    ("gzip data", rb"\x1f\x8b\x08"),
    ("bzip2 data", rb"BZh[1-9]1AY&SY"),
    ("xz data", rb"\xfd7zXZ\0"),
    ("Zstandard data", rb"\x28\xb5\x2f\xfd"),
    ("a 7-Zip archive", rb"7z\xbc\xaf\x27\x1c"),
    ("a RAR archive", rb"Rar!\x1a\x07"),
    ("a tar archive", rb".{257}ustar"),
    ("a font", rb"wOF[F2]|OTTO\0|\0\x01\0\0\0[\x01-\x40]"),
    ("a program", rb"\x7fELF|MZ[^\t\n\r -~]"),
    ("an SQLite database", rb"SQLite format 3\0"),
)

BINARY: Rows = (
    *_PICTURES,
    *_MEDIA,
    *_ARCHIVES,
    ("a PDF document", rb"(?:\xef\xbb\xbf)?\s*%PDF-"),
    ("an EPS image", rb"\xc5\xd0\xd3\xc6|%!PS-Adobe-[0-9.]+ EPSF"),
    ("a PostScript document", rb"\x04?%!"),
    ("an HTTP response inside the body", rb"HTTP/[1-3](?:\.\d)? \d{3}"),
    ("a multipart body", rb"(?i)\s*--[\w'()+,./:=? -]{1,72}\r?\n(?:[\w-]+:[^\n]*\n){0,9}?content-[\w-]+:"),
    ("a row of zero bytes", rb"\0+\Z"),
)
"""Types that are told by bytes at the beginning."""

MARKUP: Rows = (
    ("an SVG image", rb"(?i)<(?:[\w-]+:)?svg[\s>/]|<!doctype\s+svg"),
    ("a Microsoft sign-in page", _HTML + rb".*(?:login\.microsoftonline|aadcdn\.ms|<title>\s*sign in to your account)"),
    ("a sign-in page", _HTML + rb".*(?:<title[^>]*>[^<]*\b(?:(?:sign|log)[ -]?(?:in|on)|anmeld)|type=.?password)"),
    ("a page that checks for robots", _HTML + rb".*(?:<title[^>]*>\s*just a moment|captcha|cf-browser-verification)"),
    ("an HTML page", _HTML),
    ("an XML document", rb"(?i)<\?xml|<[a-z_][\w.:-]*[\s>/]|<!doctype|<!--"),
)
"""Types that are told by their first element or document type. Case does not matter."""

TEXT: Rows = (
    ("a Git LFS pointer, not the file itself", rb"version https://git-lfs"),
    ("a git-annex pointer, not the file itself", rb"/annex/objects/|(?:\.\./)*\.git/annex/"),
    ("a data: URL", rb"data:[\w.+-]+/"),
    ("an image in base64, not its bytes", rb"\"?(?:/9j/|iVBORw0KGgo|R0lGOD|UklGR|Qk0[0-9A-Za-z+/]{20}|SUkqA|TU0AK)"),
    ("an RTF document", rb"\{\\rtf"),
    ("an XPM image", rb"/\* XPM \*/"),
    ("an XBM image", rb"#define \w+_width \d"),
    ("a JSON document", rb"\s*(?:\{\s*(?:[\"}]|\Z)|\[\s*(?:[\[{\"\d\]-]|true|false|null|\Z))"),
    ("white space", rb"\s*\Z"),
    ("plain text", rb""),
)
"""Types of bodies that are text."""

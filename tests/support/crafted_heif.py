"""Makes the boxes of a HEIF file one by one, with variants and faults that no encoder writes."""

from struct import pack

from support.crafted_images import AV1C, IPMA, ISPE, avif, box, full_box, track


def infe(item: int, kind: bytes = b"av01", version: int = 2) -> bytes:
    return full_box(b"infe", pack(">HH" if version < 3 else ">IH", item, 0), kind, b"\0", version=version)


def iinf(*entries: bytes, version: int = 0) -> bytes:
    return full_box(b"iinf", pack(">I" if version else ">H", len(entries)), *entries, version=version)


def iprp(ipma: bytes = IPMA, *properties: bytes) -> bytes:
    return box(b"iprp", box(b"ipco", *(properties or (ISPE, AV1C))), ipma)


def ipma(*indexes: int, item: int = 1, wide: bool = False, version: int = 0) -> bytes:
    index = ">H" if wide else ">B"
    entry = pack(">IB" if version else ">HB", item, len(indexes)) + b"".join(pack(index, one) for one in indexes)
    return full_box(b"ipma", pack(">I", 1), entry, version=version, flags=int(wide))


def iloc(*extents: tuple[int, int], method: int = 1, item: int = 1, elsewhere: int = 0, base: int = 0) -> bytes:
    head = pack(">HHHHHIH", 0x4440, 1, item, method, elsewhere, base, len(extents))
    return full_box(b"iloc", head, *(pack(">II", *extent) for extent in extents), version=1)


def locations(*extents: tuple[int, int], method: int = 1) -> bytes:
    """The position and the size of items 1, 2 and so on."""
    entries = (pack(">HHHIHII", item, method, 0, 0, 1, *extent) for item, extent in enumerate(extents, start=1))
    return full_box(b"iloc", pack(">HH", 0x4440, len(extents)), *entries, version=1)


PROPERTIES = box(b"ipco", ISPE, AV1C)


def in_mdat(*items: bytes, kinds: tuple[bytes, ...] = (b"av01",), **boxes: bytes) -> bytes:
    """An AVIF with the bytes of its items in an mdat box; the other boxes replace those of `avif`."""
    boxes = {
        "iinf": iinf(*(infe(item, kind) for item, kind in enumerate(kinds, start=1))),
        "iprp": box(b"iprp", PROPERTIES, *(ipma(1, 2, item=item) for item in range(1, len(kinds) + 1))),
        "idat": b"",
    } | boxes
    start = len(avif(iloc=locations(*[(0, 0)] * len(items)), **boxes)) + 8
    extents = [(start + len(b"".join(items[:at])), len(item)) for at, item in enumerate(items)]
    return avif(iloc=locations(*extents, method=0), after=box(b"mdat", *items), **boxes)


def iref(item: int, *sources: int, kind: bytes = b"dimg", wide: bool = False) -> bytes:
    """References from an item to others."""
    number = ">I" if wide else ">H"
    content = pack(number, item) + pack(">H", len(sources)) + b"".join(pack(number, source) for source in sources)
    return full_box(b"iref", box(kind, content), version=int(wide))


def grid(rows: int = 1, columns: int = 1, width: int = 3, height: int = 2, *, wide: bool = False) -> bytes:
    """The description of a grid."""
    return pack(">BBBBII" if wide else ">BBBBHH", 0, int(wide), rows - 1, columns - 1, width, height)


def dinf(*flags: int) -> bytes:
    """Data references with these flags; 1 means the file itself."""
    return box(b"dinf", full_box(b"dref", pack(">I", len(flags)), *(full_box(b"url ", flags=flag) for flag in flags)))


HVCC = box(b"hvcC", b"\1", bytes(20), b"\3\0")
"""An HEVC configuration without parameter sets; lengths have four bytes."""
HEIC_FTYP = box(b"ftyp", b"heic\0\0\0\0mif1heic")
HEIC_PROPERTIES = box(b"ipco", ISPE, HVCC)


def unit(content: bytes = b"\x26\1ab", size: int = 4) -> bytes:
    """A NAL unit after its length; by default the slice of a picture."""
    return len(content).to_bytes(size) + content


def heic(*items: bytes, kinds: tuple[bytes, ...] = (b"hvc1",), hvcc: bytes = HVCC, **boxes: bytes) -> bytes:
    """A HEIC whose items are in its idat box; the first one is a picture of one unit by default."""
    items = items or (unit(),)
    extents = [(len(b"".join(items[:at])), len(item)) for at, item in enumerate(items)]
    properties = box(b"ipco", ISPE, hvcc)
    made = {
        "ftyp": HEIC_FTYP,
        "iinf": iinf(*(infe(item, kind) for item, kind in enumerate(kinds, start=1))),
        "iprp": box(b"iprp", properties, *(ipma(1, 2, item=item) for item in range(1, len(kinds) + 1))),
        "iloc": locations(*extents),
        "idat": box(b"idat", *items),
    }
    return avif(**(made | boxes))


def heic_grid() -> bytes:
    return heic(grid(1, 2), unit(), unit() + unit(), kinds=(b"grid", b"hvc1", b"hev1"), iref=iref(1, 2, 3))


def stsd(kind: bytes = b"hvc1", *boxes: bytes) -> bytes:
    return full_box(b"stsd", pack(">I", 1), box(kind, bytes(78), *(boxes or (HVCC,))))


def heic_sequence(samples: bytes = unit() * 2, description: bytes = stsd(), **changes: bytes) -> bytes:
    """A HEIC sequence of two samples of eight bytes in its mdat box."""
    ftyp = box(b"ftyp", b"hevc\0\0\0\0msf1hevc")
    media = box(b"mdat", samples)
    stsz = full_box(b"stsz", pack(">II", 8, 2)) + description
    stco = full_box(b"stco", pack(">II", 1, len(ftyp) + 8))
    return ftyp + media + box(b"moov", track(**({"stsz": stsz, "stco": stco} | changes)))

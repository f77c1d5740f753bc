"""Makes the boxes of an AVIF one by one, with variants and faults that no encoder writes."""

from struct import pack

from support.crafted_images import AV1C, IPMA, ISPE, avif, box, full_box


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


def in_mdat(*items: bytes, kinds: tuple[bytes, ...] = (b"av01",)) -> bytes:
    """An AVIF with the bytes of its items in an mdat box."""
    infos = iinf(*(infe(item, kind) for item, kind in enumerate(kinds, start=1)))
    both = box(b"iprp", PROPERTIES, ipma(1, 2), ipma(1, 2, item=2))
    start = len(avif(iinf=infos, iprp=both, iloc=locations(*[(0, 0)] * len(items)), idat=b"")) + 8
    extents = [(start + len(b"".join(items[:at])), len(item)) for at, item in enumerate(items)]
    return avif(iinf=infos, iprp=both, iloc=locations(*extents, method=0), idat=b"", after=box(b"mdat", *items))


def dinf(*flags: int) -> bytes:
    """Data references with these flags; 1 means the file itself."""
    return box(b"dinf", full_box(b"dref", pack(">I", len(flags)), *(full_box(b"url ", flags=flag) for flag in flags)))

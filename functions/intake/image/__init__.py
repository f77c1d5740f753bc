"""Image formats: determines the type, size and frames of an image, and whether its bytes are complete.

`verify.py` is the only module that other packages call. It recognizes the format by the first bytes and calls the
parser of that format. A parser reads the structure of the container from the first byte to the announced end, and
decodes no pixels. An image that expands to gigabytes takes no more work than its header. A truncated file is detected
because its announced end is missing. There is no I/O here.

    verify.py          identify, verify
    formats.py         the table of formats
    byte_reader.py     the cursor that every parser reads through
    pixel_limits.py    width, height and frames, checked against the limits
    unsupported_types.py     what a body is that is no image of an accepted type
    magic_bytes.py     the first bytes of such types
    zero_runs.py       runs of equal bytes
    compressed_data.py     holes in compressed data of TIFF and HEIF
    joined_extents.py      bytes at several places of a file, read as one
    bit_reader.py          the cursor over the bits of a JPEG XL
    jpeg.py            JPEG: frame and scans
    jpeg_segments.py   the marker segments of a JPEG
    jpeg_scans.py      holes in the scans of a JPEG
    jpeg_multi_picture.py   the further pictures of a JPEG
    samsung_trailer.py the trailer of Samsung phones
    png.py             PNG and APNG: chunks with a CRC
    gif.py             GIF: blocks and sub-blocks
    webp.py            WebP: RIFF chunks
    bmp.py             BMP: headers and an array of pixels
    tiff.py            TIFF and BigTIFF: the chain of directories
    tiff_directory.py  the directories and fields of a TIFF
    tiff_page.py       the strips and tiles that a page needs
    tiff_data.py       whether they are in the file
    heif.py            HEIF: top-level boxes; AVIF and HEIC are made of it
    heif_brands.py     whether a HEIF file is an AVIF or a HEIC
    heif_codec.py      the differences between AVIF and HEIC
    heif_items.py      the items of a still image
    heif_parts.py      the tiles of a grid, and other parts of an image
    heif_locations.py  where the bytes of the items are
    heif_sequence.py   the tracks of a sequence
    avif.py            AVIF: HEIF with AV1 data
    heic.py            HEIC: HEIF with HEVC data
    hevc.py            the units of HEVC data
    jxl.py             JPEG XL: the boxes of its container
    jxl_header.py      the headers of its codestream
    jxl_frames.py      the frames of its codestream
    jxl_frame_header.py    the header of a frame
    ico.py             ICO and CUR: a directory of PNGs and bitmaps
    jp2.py             JPEG 2000 in boxes
    j2c.py             JPEG 2000: the header of a codestream
    j2c_tiles.py       the tile-parts of a codestream
    jls.py             JPEG-LS: frame and scans
    pnm.py             PNM and PAM: headers, and samples in binary
    pnm_text.py        numbers of a PNM in ASCII
    isobmff.py         the boxes that HEIF, JPEG XL and JP2 are made of

To add a format, write one module with a function `parse(view, limits) -> ImageSize`, and add one row to `FORMATS` in
`formats.py`. The setting IMAGE_TYPES then knows its name; `Limits.image_types` says whether it is accepted by default.
"""

"""Image formats: tells the type of an image, its size, its number of frames, and whether the bytes are complete.

`verify.py` is the only module that other packages call. It recognises the format by the first bytes and calls that
format's parser. A parser reads the structure of the container from the first byte to the end that the structure
announces. It decodes nothing: an image that expands to gigabytes costs no more than its header, and a truncated file
is found because its announced end is missing. There is no I/O here.

    verify.py          identify, verify, and the table of formats
    reader.py          the cursor that every parser reads through
    size_limits.py     width, height and frames, checked against the limits
    jpeg.py            JPEG: marker segments
    png.py             PNG and APNG: chunks with a CRC
    gif.py             GIF: blocks and sub-blocks
    webp.py            WebP: RIFF chunks
    bmp.py             BMP: headers and an array of pixels
    tiff.py            TIFF and BigTIFF: pages, strips and tiles
    tiff_directory.py  the directories and fields of a TIFF
    avif.py            AVIF: brands and top-level boxes
    avif_items.py      the items of a still AVIF
    avif_tracks.py     the tracks of an AVIF sequence
    isobmff.py         the boxes that AVIF is made of

To add a format, write one module with a function `parse(view, limits) -> ImageSize`, and add one row to `FORMATS` in
`verify.py`. The setting IMAGE_TYPES then knows its name; `Limits.image_types` says whether it is accepted by default.
"""

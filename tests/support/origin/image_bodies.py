"""Origins whose HTTP is valid and whose body is truncated, not an image, or two formats at once."""

from support.origin.behaviour import IMAGE, STORED, add, head, reply, response_with
from support.sample_images import picture

for _type in ("jpeg", "png", "gif", "webp", "bmp", "tiff", "avif"):
    _whole = picture(32, 24, seed=2, type=_type)
    add(f"whole_{_type}", reply(response_with(_whole), close=False), STORED)
    add(f"half_{_type}", reply(response_with(_whole[: len(_whole) // 2]), close=False), "invalid_image")
    add(f"nearly_whole_{_type}", reply(response_with(_whole[: len(_whole) * 9 // 10]), close=False), "invalid_image")

for _type, _missing in (("jpeg", 1), ("png", 1), ("gif", 2), ("webp", 2), ("bmp", 1), ("tiff", 1), ("avif", 1)):
    _whole = picture(32, 24, seed=3, type=_type)
    add(f"{_type}_without_last_bytes", reply(response_with(_whole[:-_missing]), close=False), "invalid_image")

for _type in ("heic", "jxl"):  # known, but not accepted by default
    _whole = picture(32, 24, seed=2, type=_type)
    add(f"whole_{_type}", reply(response_with(_whole), close=False), "unsupported_type")

_gif = picture(32, 24, seed=3, type="gif")
add("gif_without_trailer", reply(response_with(_gif[:-1]), close=False), STORED)
add("gif_without_trailer_of_unknown_length", reply(head() + _gif[:-1]), "invalid_image")

# Two formats in one body: the first bytes decide the type.
_SCRIPT = b"<script>alert(1)</script><?php system('id') ?>"
add(
    "png_followed_by_html",
    reply(response_with(picture(8, 8, 4, "png") + b"<!doctype html>" + _SCRIPT), close=False),
    STORED,
)
add("gif_followed_by_script", reply(response_with(picture(8, 8, 4, "gif") + b"=1;/*" + _SCRIPT), close=False), STORED)
add("jpeg_followed_by_zip", reply(response_with(IMAGE + b"PK\x03\x04" + bytes(100)), close=False), STORED)
add(
    "html_followed_by_jpeg", reply(response_with(b"<!doctype html>" + _SCRIPT + IMAGE), close=False), "unsupported_type"
)
add("pdf_followed_by_jpeg", reply(response_with(b"%PDF-1.7\n" + IMAGE), close=False), "unsupported_type")
add("zip_followed_by_jpeg", reply(response_with(b"PK\x03\x04" + IMAGE), close=False), "unsupported_type")
add("script_with_gif_header", reply(response_with(b"GIF89a=1;" + _SCRIPT), close=False), "too_many_pixels")
add("html_with_jpeg_header", reply(response_with(b"\xff\xd8\xff\xe0" + _SCRIPT), close=False), "invalid_image")
add("script_with_bmp_header", reply(response_with(b"BM=1;" + _SCRIPT * 9), close=False), "unsupported_type")

add("jpeg_without_end_marker", reply(response_with(IMAGE[:-2]), close=False), "invalid_image")
add("jpeg_head_only", reply(response_with(IMAGE[:16]), close=False), "invalid_image")
add("jpeg_of_three_bytes", reply(response_with(IMAGE[:3]), close=False), "invalid_image")
add("jpeg_with_trailing_bytes", reply(response_with(IMAGE + b"<?php ?>"), close=False), STORED)
add("one_byte", reply(response_with(b"\xff"), close=False), "unsupported_type")
add("svg", reply(response_with(b'<svg xmlns="http://www.w3.org/2000/svg"></svg>'), close=False), "unsupported_type")
add("pdf", reply(response_with(b"%PDF-1.7\n" + bytes(100)), close=False), "unsupported_type")

"""Origins whose HTTP is right and whose image is not."""

from support.origin.behaviour import IMAGE, STORED, add, says, sized
from support.sample_images import picture

for _type in ("jpeg", "png", "gif", "webp", "bmp", "tiff", "avif"):
    _whole = picture(32, 24, seed=2, type=_type)
    add(f"whole_{_type}", says(sized(_whole), end=False), STORED)
    add(f"half_{_type}", says(sized(_whole[: len(_whole) // 2]), end=False), "invalid_image")
    add(f"nearly_whole_{_type}", says(sized(_whole[: len(_whole) * 9 // 10]), end=False), "invalid_image")

for _type, _lost in (("jpeg", 1), ("png", 1), ("gif", 1), ("webp", 2), ("bmp", 1), ("tiff", 1), ("avif", 1)):
    _whole = picture(32, 24, seed=3, type=_type)
    add(f"{_type}_less_its_last_bytes", says(sized(_whole[:-_lost]), end=False), "invalid_image")

# Two things at once: what the first bytes say it is counts, and nothing of it is ever run, shown or believed.
_SCRIPT = b"<script>alert(1)</script><?php system('id') ?>"
add("png_and_a_page", says(sized(picture(8, 8, 4, "png") + b"<!doctype html>" + _SCRIPT), end=False), STORED)
add("gif_and_a_script", says(sized(picture(8, 8, 4, "gif") + b"=1;/*" + _SCRIPT), end=False), STORED)
add("jpeg_and_an_archive", says(sized(IMAGE + b"PK\x03\x04" + bytes(100)), end=False), STORED)
add("page_and_a_jpeg", says(sized(b"<!doctype html>" + _SCRIPT + IMAGE), end=False), "unsupported_type")
add("pdf_and_a_jpeg", says(sized(b"%PDF-1.7\n" + IMAGE), end=False), "unsupported_type")
add("archive_and_a_jpeg", says(sized(b"PK\x03\x04" + IMAGE), end=False), "unsupported_type")
add("script_that_looks_like_a_gif", says(sized(b"GIF89a=1;" + _SCRIPT), end=False), "too_many_pixels")
add("page_that_looks_like_a_jpeg", says(sized(b"\xff\xd8\xff\xe0" + _SCRIPT), end=False), "invalid_image")
add("script_that_looks_like_a_bitmap", says(sized(b"BM=1;" + _SCRIPT * 9), end=False), "unsupported_type")

add("jpeg_less_two_bytes", says(sized(IMAGE[:-2]), end=False), "invalid_image")
add("jpeg_of_its_head", says(sized(IMAGE[:16]), end=False), "invalid_image")
add("jpeg_of_three_bytes", says(sized(IMAGE[:3]), end=False), "invalid_image")
add("jpeg_with_trailing_bytes", says(sized(IMAGE + b"<?php ?>"), end=False), STORED)
add("one_byte", says(sized(b"\xff"), end=False), "unsupported_type")
add("svg", says(sized(b'<svg xmlns="http://www.w3.org/2000/svg"></svg>'), end=False), "unsupported_type")
add("pdf", says(sized(b"%PDF-1.7\n" + bytes(100)), end=False), "unsupported_type")

"""Origins whose HTTP is right and whose image is not."""

from origin.behaviour import IMAGE, STORED, add, says, sized
from samples import picture

for _type in ("jpeg", "png", "gif", "webp", "bmp", "tiff", "avif"):
    _whole = picture(32, 24, seed=2, type=_type)
    add(f"whole_{_type}", says(sized(_whole), end=False), STORED)
    add(f"half_{_type}", says(sized(_whole[: len(_whole) // 2]), end=False), "invalid_image")
    add(f"nearly_whole_{_type}", says(sized(_whole[: len(_whole) * 9 // 10]), end=False), "invalid_image")

add("jpeg_less_two_bytes", says(sized(IMAGE[:-2]), end=False), "invalid_image")
add("jpeg_of_its_head", says(sized(IMAGE[:16]), end=False), "invalid_image")
add("jpeg_of_three_bytes", says(sized(IMAGE[:3]), end=False), "invalid_image")
add("jpeg_with_trailing_bytes", says(sized(IMAGE + b"<?php ?>"), end=False), STORED)
add("one_byte", says(sized(b"\xff"), end=False), "unsupported_type")
add("svg", says(sized(b'<svg xmlns="http://www.w3.org/2000/svg"></svg>'), end=False), "unsupported_type")
add("pdf", says(sized(b"%PDF-1.7\n" + bytes(100)), end=False), "unsupported_type")

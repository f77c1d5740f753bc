"""Pictures of 21 by 13 pixels as JPEG-LS, because Pillow has no encoder.

imagecodecs 2026.10.10 made them:

y, x = numpy.mgrid[0:13, 0:21]
rgb = numpy.stack([x * 12, y * 19, (x * y) % 256], -1).astype("u1")
imagecodecs.jpegls_encode(rgb)                                      # three colors
imagecodecs.jpegls_encode((x * 3000 + y * 17).astype("u2"))         # 16 bits
imagecodecs.jpegls_encode(rgb[..., 2].copy(), level=3)              # near-lossless
"""

from base64 import b64decode

ENCODED = {
    "three colors": (
        "/9j/9wARCAANABUDAREAAhEAAxEA/9oADAMBAAIAAwAAAgCAkQDyB6bp6P999+dP/3/333333gAAAJLlNVouXLnnve973ved3ZYA"
        "ae09p7nae53d/3/qRS5zWta7Oc7u7u7u1JKe00ybaeybae97nd3dkkLnNe097Wta1rXd27kvXdrmsssccccc5znOc5Lnv7+1lhw4"
        "cta1rWtayWudNMmTJkwm7Zq0feeeede5Vu81z2mntNNNPe973vcKne13ntOe00000973vcKXf7vNZd57TTTTTTTTTlQ7/f2su9rL"
        "Fiyyyyyy5P/Z"
    ),
    "16 bits": (
        "/9j/9wALEAANABUBAREA//gADQH//wASAEMBFABA/9oACAEBAAAAAIHbwdvPbV2tdpXZ12VdjXYV19ddXW11ldXXVV1NdRXT101d"
        "LhFCKEEPQ5GoxFopJSEdGRkVFRURESIRQikRo0aNGjRokSJEiRIkSJEiQghBJJFFFFFFFFFFFFFFFFFD0PRRRRRRRRRRRRRRRShC"
        "EOQ5CEIQhCEIQhCEIQhCNRqEIQhCEIRERERERGIxEREREREREREREWi0REkkkkkkkkUikkkkkkkkqpKSqqqqqqpCQqqq/3HR3/9/"
        "GP/Z"
    ),
    "near-lossless": (
        "/9j/9wALCAANABUBAREA/9oACAEBAAMAAP9477fddHtbzqc553b0ZzNmZ5U2ZnOepnOdKS1eOVGZXyomZmc7VKOaJKSL55SKUpJe"
        "so0TSM3e5JEpJIj/2Q=="
    ),
}
JPEG_LS = {name: b64decode(text) for name, text in ENCODED.items()}
"""Whole images by name."""

"""What is known of images from earlier downloads: values and memory, without I/O.

known_image.py          what an earlier download told of a URL
validators.py           ETag and Last-Modified: how to ask whether an image changed
freshness.py            until when the origin need not be asked
http_date.py            the dates in headers
url_key.py              the identity of a URL, without its signature
lru_dict.py             a dictionary of bounded size
environment_memory.py   what one execution environment remembers
known_document.py       the same for other environments, as JSON
"""

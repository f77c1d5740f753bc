"""Downloads images from origins that may be slow, broken or hostile.

`downloader` implements the port `Downloader`: attempts, redirects and limits around one request after the other.
`retry` decides how often and how long it retries, `response_policy` what a response means, `address_policy` which
addresses are allowed; `guarded_resolver` applies that to every socket. `memory_budget`, `origin_limiter`, `lease`
and `image_timer` limit what all downloads together and each one may use. `image_body` collects the bytes.
"""

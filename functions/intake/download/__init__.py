"""Downloads images from origins that may be slow, broken or hostile.

`downloader` implements the port `Downloader`: attempts, redirects and limits.

* Policies: `retry` decides whether and when to retry, `response_policy` what a response means, `address_policy` which
  addresses are allowed. `guarded_resolver` applies `address_policy` to every connection.
* Limits: `memory_budget` and `origin_limiter` bound all downloads together. `lease` holds the share of one image, and
  `image_timer` bounds its time.
* `image_body` collects the bytes. `transport_errors` maps the errors of the HTTP client to those of the service.
"""

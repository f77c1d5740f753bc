"""Downloads images from origins that may be slow, broken or hostile.

`downloader` implements the port `Downloader`: attempts, redirects and limits.

* Policies: `retry` decides whether and when to retry, `response_policy` what a response means, `address_policy` which
  addresses are allowed. `guarded_resolver` applies `address_policy` to every connection.
* Limits: `memory_budget` and `origin_limiter` bound all downloads together. `memory_and_slot` is the share of one image
  in them, and `image_timeout` bounds its time. `unclean_end` decides whether a body is whole that TLS did not end.
* Responses: `redirect_location` reads a redirect, `content_coding` the encoding of a body.
* `image_body` collects the bytes. `transport_errors` maps the errors of the HTTP client to those of the service.
"""

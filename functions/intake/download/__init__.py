"""Downloads images from origins that may be slow, broken or hostile.

`downloader` implements the port `Downloader`: attempts, redirects and limits.

* Policies: `retry` decides whether and when to retry, `response_policy` what a response means, `address_policy` which
  addresses are allowed. `guarded_resolver` applies `address_policy` to every connection.
* Limits: `memory_budget` and `origin_limiter` bound all downloads together. `request_limits` says in which order a
  request waits for them. `memory_and_slot` is the share of one image in them, and `image_timeout` bounds its time;
  `image_download` holds both. `unclean_end` decides whether a body is whole that TLS did not end.
* Cool-downs: `origin_cool_downs` lets requests wait for origins that asked for it. `cool_down` is what is known of one
  origin. `cool_down_store` tells the other functions, by documents in the form of `cool_down_document`.
* Requests: `request_headers` has the headers of each request.
* Responses: `redirect_location` reads a redirect, `content_coding` the encoding of a body. `conditional_request` sends
  validators and reads a 304.
* `image_body` collects the bytes. `transport_errors` maps the errors of the HTTP client to those of the service.
"""

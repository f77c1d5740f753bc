"""image-intake: downloads the images of a File, verifies each one, stores it in S3 once, and returns a receipt.

How one File is ingested:

1. A handler turns its event into a `File` and computes the `Deadline` of the invocation.
2. `IngestService.ingest` starts one task for each distinct URL.
3. `ImageService` looks for the image among the known ones: in memory, in the receipt, in the known document.
4. The downloader waits for a slot at the origin and among the images in flight, and requests the URL. The request is
   conditional if the image is known: a 304 ends the task.
5. The resolver refuses every address that is not public; redirects start again at step 4.
6. The body is read into memory that the budget has granted, and `image.verify` parses the structure of the image.
   With VERIFY=decode, a decoder reads it then.
7. The store writes it under its digest; S3 rejects a second copy.
8. Errors become outcomes. At the deadline, unfinished images become `deadline_exceeded`.
9. The outcomes become a receipt, which is stored under `receipts/`; what was learned is stored under `known/`.
10. The handler turns the receipt into its response.

Packages, from the outside in:

* `handlers`: one module for each Lambda function. `app` builds the service for them.
* `ingest`: the use case, and protocols for its dependencies (`ports`, `download_port`).
* `download`: the downloader, its retries, limits and address policy. `s3`: the store, the inbox, bulk results.
* `decode`: decodes images in a child process, where VERIFY=decode asks for it.
* `sources`: private sources of images, whose requests need credentials of this deployment.
* `http_client`: an HTTP/1.1 transport for httpx, which imports no other package of the service.
* `known`: what earlier downloads told of a URL, so that it need not be downloaded again.
* `image`: parsers of the image formats. `model`: values such as File, receipt, errors, object keys.

`settings` lists and reads the settings. `telemetry` logs and counts, `metrics` writes the counts.
tests/unit/test_imports.py has the rules of which package may import which.
"""

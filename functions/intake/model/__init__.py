"""The values of the service and the rules between them: no I/O, no clock, no environment.

file.py           File, its images, and the faults of a document that is not a File
file_schema.py    models of the JSON documents that callers send; the published schema comes from them
file_status.py    what GET /files/{id} returns for a File
manifest.py       the documents in a manifest, and the rows of a bulk list
url.py            Url: parse, follow a redirect, redact
host.py           the host of a URL: UTS #46, IPv4 and IPv6 addresses
url_faults.py     what is wrong with a text that is no URL
image_info.py     ImageInfo: type, size, frames and warnings of a verified image
outcome.py        how the ingest of one image ended
receipt.py        Receipt: what happened to every image of a File
receipt_merge.py  which outcomes a later run reuses, and how the receipts of two runs merge
problem.py        Problem: why a document was refused (RFC 9457)
bulk_report.py    the report of a batch and the summary of a bulk run
object_keys.py    the key of every object in S3
error_codes.py    every reason why an image can fail: code, class, public message
error_base.py     the base classes of the errors
limits.py         Limits: the settings that bound the work, with their defaults
backoff.py        how long to wait before the next attempt
"""

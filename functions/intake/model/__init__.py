"""The values of the service and the rules between them: no I/O, no clock, no environment.

file.py           File, its images, and the faults of a document that is not a File
file_schema.py    the JSON documents that callers send, as models; the published schema comes from them
manifest.py       the documents in a manifest, and the rows of a bulk list
url.py            Url: parse, follow a redirect, redact
image_info.py     ImageInfo: the facts about a verified image
outcome.py        how the ingest of one image ended
receipt.py        Receipt: what happened to every image of a File
receipt_merge.py  the rules by which two runs of one File share a receipt
problem.py        Problem: why a document was refused (RFC 9457)
bulk_report.py    the report of a batch and the summary of a bulk run
object_keys.py    where every object is stored
errors.py         every reason why an image can fail, by code
error_base.py     the base classes of the errors
limits.py         Limits: the settings that bound the work, with their defaults
backoff.py        how long to wait before the next attempt
"""

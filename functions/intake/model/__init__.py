"""The values of the service and the rules between them: no I/O, no clock, no environment.

file.py              File and its images
file_faults.py       every fault of a document that is not a File
invalid_file.py      a fault, and the error that has them all
misspelled_names.py  members and columns whose names are spelled differently
file_schema.py       models of the JSON documents that callers send; the published schema comes from them
note.py              the limits of a note, which the receipt repeats
file_status.py       what GET /files/{id} returns for a File
manifest.py          the documents in a manifest: one, or one on each line
json_lines.py        the lines of a file with a document on each
json_faults.py       why a text is not one JSON document
binary_formats.py    files that are not text in UTF-8
csv_list.py          the rows of a CSV list
csv_header.py        the first row of a CSV list
csv_note.py          the note of a row: its columns that are not known
url.py               Url: parse, follow a redirect, redact
host.py              the host of a URL: UTS #46, IPv4 and IPv6 addresses
url_faults.py        what is wrong with a text that is no URL
image_info.py        ImageInfo: type, size, frames and warnings of a verified image
outcome.py           how the ingest of one image ended
receipt.py           Receipt: what happened to every image of a File
receipt_merge.py     which outcomes a later run reuses, and how the receipts of two runs merge
problem.py           Problem: why a document was refused (RFC 9457)
shown_text.py        text of a caller in a form that can be stored and shown
bulk_item.py         a row of a bulk list, and the line of a row that failed
bulk_report.py       the report of a batch and the summary of a bulk run
object_keys.py       the key of every object in S3
error_codes.py       every reason why an image can fail: code, class, public message
error_base.py        the base classes of the errors
limits.py            Limits: the settings that bound the work, with their defaults
backoff.py           how long to wait before the next attempt
"""

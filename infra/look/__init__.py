"""`make look`: writes one HTML page of a receipt or of a run, for a browser, without a server.

`sources` reads receipts, tables of runs and images, from a bucket or from a folder. `pages` writes the pages.
`html_page` renders a template with autoescape and a content security policy, and writes it. `safe_text` makes hostile
text harmless, `figures` formats numbers, bytes and times.
"""

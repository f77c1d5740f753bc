"""The use case: ingest Files. It reaches the outside world only through the protocols in `ports`.

`service` ingests one File, `batch` many Files, `manifest_service` the Files of a manifest. `receipt_store` keeps one
receipt for each File. `deadline` says when each step must end.
"""

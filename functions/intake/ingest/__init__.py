"""The use case: ingest Files. It knows the outside world only through the protocols in `ports`.

`service` ingests one File, `batch` many, `manifest_service` those of a manifest. `receipt_store` keeps one receipt for
each File, `deadline` says when each step must end.
"""

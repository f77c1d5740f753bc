"""The use case: ingest Files. It reaches the outside world only through the protocols in `ports` and `download_port`.

* Files: `file_service` ingests one File, `concurrent_files` many Files, `manifest_service` the Files of a manifest.
  `deadline` says when each step must end. `receipt_store` keeps one receipt for each File.
* Images: `image_task` is the work for one URL of a File, and `image_service` does it. `stored_images` finds and stores
  images in the bucket.
* Known images: `known_images` has what one execution environment knows, `known_images_of_file` what is known of the
  images of one File. `known_document_store` reads and writes what all environments share.
"""

"""img2dataset, a downloader of data sets: one process, 64 threads, unchanged bytes, local files.

It starts its worker process in every run. Its stores do not accept a key per image.
"""

import tempfile
from pathlib import Path

from img2dataset import download


def run(urls: list[str], bucket: str) -> None:
    del bucket  # writes files in memory
    with tempfile.TemporaryDirectory(dir="/dev/shm") as home:  # in memory
        url_list = Path(home) / "urls.txt"
        url_list.write_text("\n".join(urls))
        download(
            str(url_list),
            output_folder=f"{home}/images",
            thread_count=64,
            disable_all_reencoding=True,
            extract_exif=False,
            distributor="multiprocessing",
        )
        found = len(list(Path(home).glob("images/*/*.jpg")))
    if found != len(urls):
        raise RuntimeError(f"img2dataset wrote {found} images, expected {len(urls)}")


def reopen() -> None:
    """Keep nothing open between runs."""

"""img2dataset, which fetches data sets: one process, 64 threads, the bytes kept as they are, stored as local files.

It begins every run by starting its worker process, and has no store that can be given a key for each image.
"""

import tempfile
from pathlib import Path

from img2dataset import download


def run(urls: list[str], bucket: str) -> None:
    del bucket  # files in memory are all it has to write
    with tempfile.TemporaryDirectory(dir="/dev/shm") as home:  # in memory
        listed = Path(home) / "urls.txt"
        listed.write_text("\n".join(urls))
        download(
            str(listed),
            output_folder=f"{home}/images",
            thread_count=64,
            disable_all_reencoding=True,
            extract_exif=False,
            distributor="multiprocessing",
        )
        found = len(list(Path(home).glob("images/*/*.jpg")))
    if found != len(urls):
        raise RuntimeError(f"{found} images of {len(urls)}")


def reopen() -> None:
    """Nothing is kept."""

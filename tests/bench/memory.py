"""How much memory a function of 512 MB needs for 200 images of 5 MB, with the default budget for bodies in flight.

    .venv/bin/python tests/bench/memory.py [--images 200] [--bytes 5000000]

Prints the peak of resident memory beyond what the imports take, and the budget. Exits with 1 where the peak is over
what the function has.
"""

import argparse
import os
import resource
import sys
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS.parent / "functions")]

from bench.servers import running  # noqa: E402 - the path comes first

FUNCTION_MIB = 512
MIB = 1024 * 1024


def _peak() -> float:
    """MiB of resident memory at the highest, as Linux counts it."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    options.add_argument("--images", type=int, default=200)
    options.add_argument("--bytes", type=int, default=5_000_000)
    chosen = options.parse_args()
    with (
        running("origin", delay=0.01, size=chosen.bytes, number=8) as origin,
        running("sink", delay=0.02) as sink,
    ):
        os.environ |= {
            "AWS_ENDPOINT_URL_S3": sink,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(FUNCTION_MIB),
            "POWERTOOLS_LOG_LEVEL": "WARNING",
            "IMAGE_BUCKET": "bench",
            "MAX_BASE_IMAGES": str(chosen.images),
            "ALLOWED_NETWORKS": "127.0.0.0/8",
            "ALLOWED_PORTS": f"80,443,{origin.rsplit(':', 1)[1]}",
        }
        from bench.competitors import ours  # noqa: PLC0415 - reads the settings above
        from intake import runtime  # noqa: PLC0415

        ours.run([f"{origin}/0", f"{origin}/1"], "bench")  # everything is imported and connected
        before = _peak()
        ours.run([f"{origin}/{number}" for number in range(chosen.images)], "bench")
        after = _peak()
        ours.close()
        budget = runtime.config().limits.memory_budget_bytes / MIB
    print(f"{chosen.images} images of {chosen.bytes} bytes, function of {FUNCTION_MIB} MB")
    print(f"before {before:.0f} MiB, peak {after:.0f} MiB, budget {budget:.0f} MiB, beyond {after - before:.0f} MiB")
    return 0 if after < FUNCTION_MIB else 1


if __name__ == "__main__":
    sys.exit(main())

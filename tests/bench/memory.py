"""Measures the memory that a function of 512 MB needs for 1,000 images of 2 MB, with the default memory budget.

    .venv/bin/python tests/bench/memory.py [--images 1000] [--bytes 2000000]

Prints the peak of resident memory, the part that the imports use, and the budget for bodies in flight. Exits with 1
where the peak exceeds the function's memory, or exceeds imports and budget by more than a margin. Needs no nginx.
"""

import argparse
import os
import sys
from contextlib import redirect_stdout
from pathlib import Path

HERE = Path(__file__).resolve()
sys.path[:0] = [str(HERE.parents[2]), str(HERE.parents[1]), str(HERE.parents[2] / "functions")]

from bench import results  # noqa: E402 - the path comes first
from bench.allocator_variables import restart_with_allocator_variables  # noqa: E402
from bench.python_servers import start_server  # noqa: E402
from support.process_memory import peak_mib  # noqa: E402

FUNCTION_MIB = 512
MARGIN_MIB = 48
MIB = 1024 * 1024


def measure(images: int, size: int) -> dict[str, float]:
    """Return MiB of resident memory (`imports_mib`, `peak_mib`, `beyond_imports_mib`) and `budget_mib`."""
    with (
        start_server("origin", delay=0.01, size=size, number=8) as origin,
        start_server("s3", delay=0.02) as s3,
    ):
        os.environ |= {
            "AWS_ENDPOINT_URL_S3": s3,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(FUNCTION_MIB),
            "POWERTOOLS_LOG_LEVEL": "WARNING",
            "IMAGE_BUCKET": "bench",
            "MAX_BASE_IMAGES": "500",
            "ALLOWED_NETWORKS": "127.0.0.0/8",
            "ALLOWED_PORTS": f"80,443,{origin.rsplit(':', 1)[1]}",
        }
        from bench.competitors import ours  # noqa: PLC0415 - reads the settings above
        from intake import app  # noqa: PLC0415

        imports = peak_mib()
        ours.run([f"{origin}/{number}" for number in range(images)], "bench")
        peak = peak_mib()
        ours.close()
        budget = app.config().limits.memory_budget_bytes / MIB
    return {"imports_mib": imports, "peak_mib": peak, "beyond_imports_mib": peak - imports, "budget_mib": budget}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--bytes", type=int, default=2_000_000)
    options = parser.parse_args()
    restart_with_allocator_variables()
    with Path(os.devnull).open("w") as discarded, redirect_stdout(discarded):  # metrics
        found = measure(options.images, options.bytes)
    results.save("memory", f"{options.images}x{options.bytes // 1_000_000}MB", found)
    figures = ", ".join(f"{name.removesuffix('_mib').replace('_', ' ')} {value:.0f}" for name, value in found.items())
    print(f"{options.images} images of {options.bytes} bytes, function of {FUNCTION_MIB} MB. MiB: {figures}")
    over = found["beyond_imports_mib"] - found["budget_mib"]
    return 0 if found["peak_mib"] < FUNCTION_MIB and over <= MARGIN_MIB else 1


if __name__ == "__main__":
    sys.exit(main())

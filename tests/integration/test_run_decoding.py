"""`make run VERIFY=decode`, on real sockets and real processes."""

import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from infra.pictures.picture_server import serve_pictures

from support.damaged_images import damaged_tiff, slow_jpeg
from support.run_lab import RunLab, check_folder, images, rows, runs, summary, wait_until
from support.sample_images import picture

PICTURES = {
    "one.jpg": picture(40, 30, 1),
    "two.png": picture(40, 30, 2, "png"),
    "three.gif": picture(40, 30, 3, "gif"),
    "damaged.tiff": damaged_tiff(),
    "slow.jpg": slow_jpeg(2048, 2048),
}
QUICK = [name for name in PICTURES if name != "slow.jpg"]


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with serve_pictures(PICTURES, delay=0) as serving:
        yield serving


def settings(port: int) -> dict[str, str]:
    return {"ALLOWED_PORTS": str(port), "VERIFY": "decode", "MAX_IMAGE_PIXELS": "5000000", "PROCESSES": "1"}


def write_list(lab: RunLab, port: int, names: list[str]) -> Path:
    return lab.write("a.txt", "".join(f"http://127.0.0.1:{port}/{name}\n" for name in names))


def outcomes(run: Path) -> list[str]:
    return [row["code"] or f"{row['source']}{' reused' * row['reused']}" for row in rows(run)]


def find_decoders() -> set[int]:
    """Return the process ids of all children of decoders."""
    found = set()
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if b"intake.decode.child" in path.read_bytes():
                found.add(int(path.parent.name))
    return found


def test_run_decodes_what_an_earlier_one_did_not(lab: RunLab, port: int) -> None:
    """It is a run of its own, and ends with its decoders. The next one knows what was decoded."""
    path, before = write_list(lab, port, QUICK), find_decoders()
    status, output = lab.run(path, **settings(port) | {"VERIFY": "structure"})
    assert status == 0, output

    status, output = lab.run(path, **settings(port))

    assert status == 1, output
    decoding = runs(lab.out)[-1]
    assert outcomes(decoding) == ["fetched reused", "fetched reused", "fetched reused", "corrupt_image"]
    assert summary(decoding)["complete"]
    assert find_decoders() <= before
    lab.run(path, **settings(port))
    assert outcomes(runs(lab.out)[-1]) == ["unchanged reused"] * 3 + ["corrupt_image"]
    check_folder(lab.out)
    assert len(images(lab.out)) == len(QUICK)


def test_decoder_ends_when_the_command_is_killed(lab: RunLab, port: int) -> None:
    before = find_decoders()
    command = lab.start(write_list(lab, port, ["slow.jpg"]), **settings(port))
    assert wait_until(lambda: find_decoders() - before)

    command.kill_group(signal.SIGKILL)

    command.wait()
    assert wait_until(lambda: not find_decoders() - before)


def test_run_decodes_within_limits_that_a_function_has_no_memory_for(lab: RunLab, port: int) -> None:
    """MemorySize, which a function would need to be larger, is no setting of this command."""
    status, output = lab.run(write_list(lab, port, QUICK), **settings(port) | {"MAX_IMAGE_PIXELS": "200000000"})

    assert status == 1, output
    assert outcomes(runs(lab.out)[-1]) == ["fetched"] * 3 + ["corrupt_image"]

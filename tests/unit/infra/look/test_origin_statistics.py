"""Origins of a run: their names, their figures, and the bound on their number."""

import pytest
from infra.look.origin_statistics import NO_ORIGIN, Origins, origin_of
from infra.look.table_row import read_row

from support.run_table import failed_row, stored_row


def add(origins: Origins, columns: dict[str, object]) -> None:
    row = read_row(columns)
    assert row is not None
    origins.add(row)


@pytest.mark.parametrize(
    ("expected", "url"),
    [
        ("images.example", "https://images.example/a.jpg"),
        ("images.example", "http://IMAGES.example:80/a.jpg"),
        ("images.example:8443", "https://images.example:8443/a.jpg"),
        ("[2001:db8::1]", "https://[2001:db8::1]/a.jpg"),
        ("xn--bcher-kva.example", "https://bücher.example/a"),
        ("my-photos", "s3://my-photos/lot 7/a#1.jpg"),
        (NO_ORIGIN, "s3://a_b/a.jpg"),
        (NO_ORIGIN, "https://user:secret@images.example/a.jpg"),
        (NO_ORIGIN, "javascript:alert(1)"),
        (NO_ORIGIN, 'https://"><script>alert(1)</script>/'),
        (NO_ORIGIN, "https://"),
        (NO_ORIGIN, "data:image/png;base64,AAAA"),
        (NO_ORIGIN, ""),
    ],
)
def test_origin_is_host_and_port_of_a_url(expected: str, url: str) -> None:
    assert origin_of(url) == expected


def test_origin_counts_images_failures_bytes_and_times() -> None:
    origins = Origins()
    for number in range(8):
        add(origins, stored_row(elapsedMs=100 + number))
    add(origins, failed_row(code="timeout", elapsedMs=15_000))
    add(origins, failed_row(code="timeout", elapsedMs=15_000))
    add(origins, failed_row(code="blocked", elapsedMs=0, attempts=0))

    (origin,) = origins.by_images(10)
    assert (origin.name, origin.images, origin.failed, origin.bytes) == ("images.example", 11, 3, 8000)
    assert (origin.main_code, origin.times.total, origin.times.highest) == ("timeout", 10, 15_000)
    assert origins.total == 1


def test_origins_are_ranked_by_images_failures_and_times() -> None:
    origins = Origins()
    for name, images, failed, milliseconds in [("many", 30, 1, 50), ("down", 0, 20, 30), ("slow", 6, 0, 900)]:
        for _ in range(images):
            add(origins, stored_row(url=f"https://{name}.example/", elapsedMs=milliseconds))
        for _ in range(failed):
            add(origins, failed_row(url=f"https://{name}.example/", elapsedMs=milliseconds))
    add(origins, stored_row(url="https://once.example/", elapsedMs=60_000))

    assert [origin.name for origin in origins.by_images(2)] == ["many.example", "down.example"]
    assert [origin.name for origin in origins.by_failures(9)] == ["down.example", "many.example"]
    assert [origin.name for origin in origins.by_time(9)] == ["slow.example", "many.example", "down.example"]
    assert [origin.name for origin in origins.without_images(3)] == ["down.example"]


def test_origin_with_few_times_is_ranked_where_all_have_few() -> None:
    origins = Origins()
    add(origins, stored_row())

    assert [origin.name for origin in origins.by_time(9)] == ["images.example"]


@pytest.mark.parametrize("order", ["by origin", "in turn"])
def test_number_of_origins_is_bounded_and_what_is_dropped_is_counted(order: str) -> None:
    origins = Origins(limit=300)
    names = [f"https://host-{number}.example/" for number in range(2000)]
    urls = [url for url in names for _ in range(3)] if order == "by origin" else names * 3
    for number in range(len(urls)):
        add(origins, stored_row(url=urls[number]))
        if number % 10 == 0:
            add(origins, stored_row(url="https://many.example/"))
        if number % 50 == 0:
            add(origins, failed_row(url="https://down.example/"))
            add(origins, stored_row(url="https://slow.example/", elapsedMs=60_000))

    assert len(origins.held) <= 600
    assert origins.dropped_images + sum(origin.images for origin in origins.held.values()) == 6000 + 600 + 120 + 120
    assert [(origin.name, origin.images, origin.is_partial) for origin in origins.by_images(1)] == [
        ("many.example", 600, False)
    ]
    assert [(origin.name, origin.failed) for origin in origins.by_failures(9)] == [("down.example", 120)]
    assert origins.by_time(1)[0].name == "slow.example"
    assert abs(origins.total - 2003) < 20  # 2003 names share 8 million bits


def test_origin_that_was_dropped_says_that_its_numbers_are_partial() -> None:
    origins = Origins(limit=3)
    for number in range(100):
        add(origins, stored_row(url=f"https://host-{number}.example/"))
    dropped = next(name for name in (f"host-{number}.example" for number in range(100)) if name not in origins.held)

    add(origins, stored_row(url=f"https://{dropped}/"))

    assert origins.held[dropped].is_partial

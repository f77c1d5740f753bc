"""Prints how a run of `make run` ended, where its results are, and what to do next."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import ip_address, ip_network

from infra.bulk.progress import format_duration
from infra.bulk.summary import join_counts
from infra.command.terminal import print_line
from infra.run.failure_reasons import Reason
from infra.run.run_folder import RunFolder
from intake.model.bulk_report import Summary
from intake.model.limits import Limits
from intake.model.source_bucket import SourceBucket
from intake.settings.config import Config

_MAX_REASONS = 5
_ADDRESS = re.compile(r"([0-9]+(?:\.[0-9]+){3})(?::\d+)?: ")
_REPEATED_HOST = re.compile(r"^(\S+) \1:")
_BUCKET = re.compile(r"^s3://(\S+): bucket not in SOURCE_BUCKETS$")
_OWN_NETWORKS = tuple(map(ip_network, ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_PORT = re.compile(r"^(?P<scheme>https?)://.*?(?::(?P<port>\d+))?: port not in ALLOWED_PORTS$")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def print_result(  # noqa: PLR0913 - each has a name at the call
    run: RunFolder,
    summary: Summary,
    reasons: Sequence[Reason],
    *,
    rows: int,
    config: Config,
    settings: Mapping[str, str],
) -> None:
    """Print the result of a run.

    Args:
        run: its folder.
        summary: its summary.
        reasons: why images failed, as far as no receipt says so.
        rows: the rows of the list.
        config: the settings of the run: what they allow needs no advice.
        settings: those on the command line, which the next command needs as well.
    """
    _print_counts(summary)
    for result, texts in _group_by_result(reasons).items():
        for text in texts[:_MAX_REASONS]:
            print_line(f"  {result:<7}  {_REPEATED_HOST.sub(r'\1:', text)}")
        if len(texts) > _MAX_REASONS:
            print_line(f"  {result:<7}  ...")
        if result == "blocked" and (advice := advise_on_blocked(texts, config.limits, config.source_buckets)):
            print_line(f"  {result:<7}  {advice}")
    _print_places(run, summary, settings)
    if not summary.complete:
        stopped_after = f"{summary.counts.files:,} of {format_rows(rows)}"
        print_line(f"Stopped after {stopped_after}: {summary.error}.", "yellow")
        print_line("The same command goes on.")


def _print_counts(summary: Summary) -> None:
    counts = summary.counts
    rate = counts.images.total() / summary.seconds if summary.seconds else 0.0
    print_line(f"{format_rows(counts.files)} in {format_duration(summary.seconds)}, {rate:,.0f} images a second")
    print_line(f"  images   {join_counts(counts.images)}; {counts.bytes:,} bytes")
    if counts.codes:
        print_line(f"  failed   {join_counts(counts.codes)}")
    if refused := counts.status["refused"]:
        print_line(f"  refused  {format_rows(refused)} that {'is' if refused == 1 else 'are'} no File")


def _print_places(run: RunFolder, summary: Summary, settings: Mapping[str, str]) -> None:
    """Print where the results are, and the command that sends again what may succeed."""
    print_line(f"Images: {run.out / 'images'}/")
    print_line(f"The table, with a row for each image: {run.path / 'images'}/*.jsonl.gz")
    if summary.failed_key:
        print_line(f"The rows that failed, with reasons: {run.path / 'failed.jsonl'}")
    if summary.retryable_key:
        variables = {"LIST": str(run.path / "retryable.jsonl"), "OUT": str(run.out), **settings}
        given = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
        print_line(f"To send again those that may succeed: make run {given}")


def format_rows(number: int) -> str:
    """Format a number of rows: "1 row", "10,000 rows"."""
    return f"{number:,} row{'' if number == 1 else 's'}"


def _group_by_result(reasons: Iterable[Reason]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for reason in reasons:
        groups.setdefault(reason.result, []).append(reason.text)
    return groups


def advise_on_blocked(
    reasons: Iterable[str], limits: Limits, source_buckets: Sequence[SourceBucket] | None = None
) -> str:
    """Return which settings allow what was blocked and may be the user's own; an empty text if none do.

    Args:
        reasons: why URLs were blocked.
        limits: the limits of the run: what they allow needs no advice.
        source_buckets: the buckets that are allowed; None if the setting has no use here.
    """
    reasons = list(reasons)
    found = [match for reason in reasons if (match := _PORT.search(reason))]
    advice = []
    if ports := {int(match["port"] or _DEFAULT_PORTS[match["scheme"]]) for match in found}:
        advice.append(f"ALLOWED_PORTS={','.join(map(str, sorted({*limits.allowed_ports, *ports})))}")
    addresses = [_ADDRESS.search(reason) for reason in reasons]
    networks = {network for match in addresses if match and (network := _find_network(match[1], limits))}
    if networks:
        advice.append(f"ALLOW={','.join(sorted(networks))}")
    buckets = {match[1]: None for reason in reasons if (match := _BUCKET.search(reason))}
    if buckets and source_buckets is not None:
        advice.append(f"SOURCE_BUCKETS={','.join([*map(str, source_buckets), *buckets])}")
    return f"To allow what is yours: {' '.join(advice)}" if advice else ""


def _find_network(address: str, limits: Limits) -> str:
    """Return the network of an address that people have at home or at work; an empty text if it needs no advice."""
    try:
        ip = ip_address(address)
    except ValueError:
        return ""
    if any(ip in network for network in limits.allowed_networks):
        return ""
    return next((str(network) for network in _OWN_NETWORKS if ip in network), "")

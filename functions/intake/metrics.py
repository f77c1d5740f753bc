"""Metrics in the embedded metric format (EMF): lines of JSON that CloudWatch Logs turns into metrics.

Source: Amazon CloudWatch User Guide, "Specification: Embedded metric format".
"""

import json
import sys
from collections import defaultdict
from collections.abc import Mapping

from aws_lambda_powertools.metrics.provider.cloudwatch_emf.cloudwatch import AmazonCloudWatchEMFProvider

MAX_VALUES = 100
"""The maximum number of values of a metric in one line (the same specification)."""

_encode = json.JSONEncoder(separators=(",", ":")).encode


class Metrics:
    """Collects the values of metrics, and writes a line for each set of dimensions."""

    def __init__(self, namespace: str, units: Mapping[str, str], **dimensions: str) -> None:
        """Create an empty collection.

        Args:
            namespace: the namespace of every metric.
            units: the unit of each metric, by its name.
            dimensions: the dimensions of every metric.
        """
        self._emf = AmazonCloudWatchEMFProvider(namespace=namespace)
        self._units = units
        self._dimensions = dimensions
        self._pending: dict[tuple[tuple[str, str], ...], dict[str, list[float]]] = defaultdict(dict)

    def add(self, name: str, *values: float, **dimensions: str) -> None:
        """Add values of a metric. With `MAX_VALUES` of them, write everything.

        Args:
            name: the metric.
            values: one or more; CloudWatch counts each of them.
            dimensions: further dimensions of these values.
        """
        if values:
            collected = self._pending[tuple(dimensions.items())].setdefault(name, [])
            collected.extend(values)
            if len(collected) >= MAX_VALUES:
                self.flush()

    def flush(self) -> None:
        """Write what was added since the last call."""
        pending = dict(self._pending)
        self._pending.clear()
        for further, metrics in pending.items():
            remaining = metrics
            while remaining:
                self._write({name: values[:MAX_VALUES] for name, values in remaining.items()}, dict(further))
                remaining = {name: rest for name, values in remaining.items() if (rest := values[MAX_VALUES:])}

    def _write(self, metrics: Mapping[str, list[float]], further: Mapping[str, str]) -> None:
        document = self._emf.serialize_metric_set(
            metrics={name: {"Unit": self._units[name], "Value": values} for name, values in metrics.items()},
            dimensions={**self._dimensions, **further},
        )
        sys.stdout.write(_encode(document) + "\n")  # one write: Lambda makes each an event

"""What a metric is called, what it means and what it is split by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class MetricName:
    """One metric as it is exposed; counters end in ``_total``, units are base units."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()


Values = Mapping[tuple[str, ...], float]
"""Label values to the number."""

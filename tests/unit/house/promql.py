"""What an expression of PromQL names: metrics, and labels that it selects or groups by; and whether it invents data."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
METRIC = re.compile(r"\btill_\w+")
_SELECTOR = re.compile(r"(till_\w+)\{([^}]*)\}")
_MATCHER = re.compile(r'(\w+)\s*(?:=~|!~|!=|=)\s*"')
_GROUPED = re.compile(r"\b(?:by|without|on|ignoring)\s*\(([^)]*)\)")
_INVENTED = re.compile(r"\bor\s+(?:on\s*\(\s*\)\s*)?(?:vector\s*\(|0\b)|\bvector\s*\(\s*0")
_OPTIONAL = ("till_archive_", "till_migration_", *(f"till_core_flags_{name}" for name in ("age", "connected", "lag")))
"""Of an archive that is not kept, a migration that does not run and flags without a broker nothing is exposed."""
OF_PROMETHEUS = frozenset({"instance", "job", "le"})
"""Labels that Prometheus adds, and that of a histogram's buckets."""


@dataclass(frozen=True, slots=True)
class Documented:
    """A metric as docs/metrics.md has it. is_optional: a part that may be off exposes it."""

    name: str
    labels: frozenset[str]
    is_histogram: bool
    is_optional: bool


def documented() -> Mapping[str, Documented]:
    """Every row of the page."""
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    found = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:]]
        named = re.match(r"\| `(till_\w+)`", line)
        if named is not None:
            labels = frozenset(re.findall(r"`(\w+)`", cells[1].partition(":")[0]))
            optional = named[1].startswith(_OPTIONAL)
            found[named[1]] = Documented(named[1], labels, cells[2].startswith("histogram"), optional)
    return found


def problems(expression: str, metrics: Mapping[str, Documented]) -> Iterator[str]:
    """What is wrong with an expression: names that there are not, and data that nobody measured."""
    if expression.count("(") != expression.count(")") or expression.count("{") != expression.count("}"):
        yield f"{expression}: brackets do not match"
    known = {name: metric_of(name, metrics) for name in METRIC.findall(expression)}
    yield from (f"{expression}: there is no metric {name}" for name, metric in known.items() if metric is None)
    for name, matchers in _SELECTOR.findall(expression):
        metric = metric_of(name, metrics)
        wanted = set(_MATCHER.findall(matchers))
        gone = wanted - (metric.labels if metric is not None else frozenset()) - OF_PROMETHEUS
        yield from (f"{expression}: {name} has no label {label}" for label in sorted(gone))
    labels = {label for metric in known.values() if metric is not None for label in metric.labels} | OF_PROMETHEUS
    grouped = {label.strip() for names in _GROUPED.findall(expression) for label in names.split(",") if label.strip()}
    yield from (f"{expression}: no metric in it has the label {label}" for label in sorted(grouped - labels))
    if _INVENTED.search(expression) is not None:
        yield f"{expression}: it shows no data as a number"
    for name in re.findall(r"\b(?:rate|increase)\(\s*(till_\w+)", expression):
        if not name.endswith(("_total", "_bucket", "_count", "_sum")):
            yield f"{expression}: {name} is no counter"


def metric_of(name: str, metrics: Mapping[str, Documented]) -> Documented | None:
    """The metric of a series, which of a histogram has a suffix."""
    if name in metrics:
        return None if metrics[name].is_histogram else metrics[name]
    base = re.sub(r"_(bucket|sum|count)$", "", name)
    found = metrics.get(base)
    return found if found is not None and found.is_histogram else None

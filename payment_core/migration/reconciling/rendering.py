"""A reconciliation for people (Markdown), for programs (JSON) and for a spreadsheet (CSV of differences)."""

import csv
import io
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from payment_core.migration.proof.sides import Sum
from payment_core.migration.reconciling.model import KindResult, Reconciliation
from payment_core.migration.status import JobStatus

_encode = msgspec.json.Encoder(order="sorted").encode
DIFFERENCES_SHOWN = 50
"""In the Markdown; all of them are in the CSV."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What the report says. made_at_ms: Unix milliseconds."""

    made_at_ms: int
    reconciliation: Reconciliation
    jobs: tuple[JobStatus, ...]


def as_json(report: Report) -> bytes:
    """Canonical JSON, keys sorted: what is signed."""
    return _encode(report)


def as_csv(report: Report) -> str:
    """One line for each difference: what, the export's side, the side here (RFC 4180)."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("what", "export", "here"))
    for one in report.reconciliation.differences:
        writer.writerow((_plain(one.what), _plain(one.source), _plain(one.target)))
    return out.getvalue()


def as_markdown(report: Report) -> str:
    """The report as a page."""
    found = report.reconciliation
    word = "right" if found.right else "NOT RIGHT"
    waiting = sum(reason.records for reason in found.quarantine)
    ledger = "balanced" if found.ledger_balanced else "NOT balanced"
    lines = [
        "# Migration: reconciliation",
        "",
        f"**{word}**: {found.difference_count} differences, {waiting} records in quarantine, ledger {ledger}.",
        "",
        f"Export `{found.export}`, read from {_time(found.began_at_ms)} to {_time(found.ended_at_ms)}.",
        "Export and store were read again from both ends; no count of a job was believed.",
        "",
        *_jobs(report.jobs),
        *_kinds(found.kinds),
        *_accounts(found),
        *_quarantine(found),
        "## The old processor's trail",
        "",
        f"{found.trail.entries} entries on {found.trail.pages} pages; "
        + ("each page follows the one before it." if found.trail.intact else f"broken at {found.trail.first_bad}."),
        "",
        *_differences(found),
    ]
    return "\n".join(lines)


def _jobs(jobs: Sequence[JobStatus]) -> list[str]:
    rows = [
        f"| {one.job.value} | {one.state.value} | {one.counts.read} | {one.counts.moved} | {one.counts.updated} "
        f"| {one.counts.unchanged} | {one.counts.merged} | {one.waiting} | {one.batches} |"
        for one in jobs
    ]
    head = "| job | state | read | moved | updated | unchanged | merged | waiting | batches |"
    return ["## Jobs", "", head, "|---|---|---|---|---|---|---|---|---|", *rows, ""]


def _kinds(kinds: Sequence[KindResult]) -> list[str]:
    head = "| kind | exported | equal | said again | later | changed here | waiting | missing | differing | extra |"
    rows = [
        f"| {one.kind.value} | {one.exported} | {one.equal} | {one.superseded} | {one.later} | {one.changed_here} "
        f"| {one.waiting} | {one.missing} | {one.differing} | {one.extra} |"
        for one in kinds
    ]
    sums = [
        f"| {one.kind.value} | {currency} | {source} | {target} | {target - source} |"
        for one in kinds
        for currency, source, target in _both(one.source, one.target)
    ]
    return [
        "## Records",
        "",
        head,
        "|---|---|---|---|---|---|---|---|---|---|",
        *rows,
        "",
        "## Sums, in minor units",
        "",
        "| kind | currency | export | here | difference |",
        "|---|---|---|---|---|",
        *sums,
        "",
    ]


def _accounts(found: Reconciliation) -> list[str]:
    rows = [
        f"| {_plain(one.account)} | {one.currency} | {one.exported} | {one.here} | {one.here - one.exported} "
        f"| {one.waiting} |"
        for one in found.accounts
    ]
    head = "| account | currency | export | ledger | difference | in quarantine |"
    return ["## Balances, in minor units", "", head, "|---|---|---|---|---|---|", *rows, ""]


def _quarantine(found: Reconciliation) -> list[str]:
    if not found.quarantine:
        return []
    rows = [f"| {one.kind.value} | {one.reason} | {one.records} |" for one in found.quarantine]
    return ["## In quarantine", "", "| kind | reason | records |", "|---|---|---|", *rows, ""]


def _differences(found: Reconciliation) -> list[str]:
    if found.difference_count == 0:
        return ["## Differences", "", "None.", ""]
    shown = found.differences[:DIFFERENCES_SHOWN]
    rows = [f"| {_plain(one.what)} | {_plain(one.source)} | {_plain(one.target)} |" for one in shown]
    return [
        "## Differences",
        "",
        f"{len(shown)} of {found.difference_count}; the CSV has {len(found.differences)}.",
        "",
        "| what | export | here |",
        "|---|---|---|",
        *rows,
        "",
    ]


def _both(source: Sequence[Sum], target: Sequence[Sum]) -> list[tuple[str, int, int]]:
    ours = {one.currency: one.amount for one in source}
    theirs = {one.currency: one.amount for one in target}
    return [(currency, ours.get(currency, 0), theirs.get(currency, 0)) for currency in sorted({*ours, *theirs})]


def _plain(text: str) -> str:
    """Nothing that a table or a spreadsheet takes for its own: no bars, no lines, no formula."""
    flat = text.replace("|", "/").replace("\n", " ").replace("\r", " ")
    return f"'{flat}" if flat[:1] in {"=", "+", "@"} else flat


def _time(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

"""Proves the audit trail as a whole: chains, daily roots, documents, events and journals."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from payment_core.audit.chain import ChainWalks, Finding, Trail
from payment_core.audit.contents import (
    Contents,
    Expected,
    check_counts,
    check_documents,
    check_journals,
    count_events,
)
from payment_core.audit.roots import Root, anchors_of, check_roots
from payment_core.audit.signing import Checker


class Audited(Trail, Contents, Protocol):
    """A store with everything that is checked."""


class AuditReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was found. first_bad: the first finding's place, empty when all is as it was written.

    rows: good rows. heads: ``shard:sequence:hash`` up to which each chain is good. roots: daily roots that were held
    against it. contents_checked: false when a chain was broken, since then nothing can be said of the rest.
    """

    intact: bool
    rows: int
    heads: list[str]
    roots: int
    documents: int
    events: int
    contents_checked: bool
    first_bad: str
    findings: list[Finding]


async def verify_audit(
    store: Audited,
    roots: Sequence[tuple[str, Root]] = (),
    *,
    checker: Checker | None = None,
    shards: Iterable[int] = (),
) -> AuditReport:
    """Check everything. shards: chains to look at although they have no head.

    On a store that is written meanwhile, what was written during the check can be reported: check again, or check a
    snapshot.
    """
    expected = Expected()
    walks = ChainWalks(store, anchors_of(roots), expected.take)
    findings = [*check_roots(roots, checker), *await walks.walk(shards)]
    events, checked = 0, False
    if not findings:
        checked = True
        events = await count_events(store)
        findings += expected.findings
        findings += await check_documents(store, expected)
        findings += await check_journals(store, expected)
        findings += check_counts(expected, events)
    heads = walks.heads
    return AuditReport(
        intact=not findings,
        rows=sum(last for last, _ in heads.values()),
        heads=[f"{shard}:{last}:{sha256}" for shard, (last, sha256) in sorted(heads.items()) if last > 0],
        roots=len(roots),
        documents=len(expected.documents),
        events=events,
        contents_checked=checked,
        first_bad=findings[0].place if findings else "",
        findings=findings,
    )

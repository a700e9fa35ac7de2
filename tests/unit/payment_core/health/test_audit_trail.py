"""What the core says of its audit trail: the moment with it, and nothing for long that is old."""

import pytest

from payment_core.audit.chain import Finding, Place
from payment_core.audit.following import ShardPlace
from payment_core.audit.progress import PROGRESS_ID, AuditProgress, Verification
from payment_core.health.audit_trail import GRACE_MS, AuditTrailCheck
from payment_core.health.checking import Checked
from payment_core.operations.call import Call
from payment_core.store.memory import MemoryStore
from payment_core.store.stage import Registry
from tests.unit.payment_core.audit.audit_world import DAY_MS, NOW_MS, HandClock

CALL = Call(actor="key:daemon", instance="/v1/health/audit_trail")
LAST = Verification(began_at_ms=NOW_MS - 9_000, ended_at_ms=NOW_MS, rows=12, documents=3, roots=1)
BAD = Finding("0:5", "the row was changed")


async def check(progress: AuditProgress | None, later_ms: int = 0) -> Checked:
    clock = HandClock()
    store = MemoryStore(registry=Registry((AuditProgress,)), producer="blue", clock=clock)
    if progress is not None:
        await store.transact(lambda tx: tx.put(progress), "test")
    clock.wall_ms += later_ms
    return await AuditTrailCheck(store, clock, DAY_MS)(CALL)


@pytest.mark.parametrize(
    ("progress", "later_ms", "status"),
    [
        (None, 0, "unknown"),
        (AuditProgress(id=PROGRESS_ID, began_at_ms=NOW_MS), 0, "degraded"),
        (AuditProgress(id=PROGRESS_ID, last=LAST), 0, "healthy"),
        (AuditProgress(id=PROGRESS_ID, last=LAST), 2 * DAY_MS + GRACE_MS, "healthy"),
        (AuditProgress(id=PROGRESS_ID, last=LAST), 2 * DAY_MS + GRACE_MS + 1, "unknown"),
    ],
)
async def test_only_what_was_verified_lately_is_healthy(
    progress: AuditProgress | None, later_ms: int, status: str
) -> None:
    assert (await check(progress, later_ms)).status == status


async def test_a_healthy_trail_is_told_with_its_moment_and_how_far_it_was_followed_since() -> None:
    places = (ShardPlace(Place(0, last=15)),)
    found = await check(AuditProgress(id=PROGRESS_ID, last=LAST, places=places, followed_at_ms=NOW_MS + 60_000))
    assert found.detail == (
        "as it was written at 2026-11-26T11:00:00Z (in 9 s: 12 audit rows with their events and journals, 3 documents, "
        "1 roots; followed to row 15 at 2026-11-26T11:01:00Z)"
    )


async def test_what_was_changed_is_told_however_old_the_finding_is() -> None:
    last = Verification(began_at_ms=1, ended_at_ms=NOW_MS, rows=4, documents=0, roots=0, findings=(BAD,))
    found = await check(AuditProgress(id=PROGRESS_ID, last=last), 9 * DAY_MS)
    assert (found.status, found.findings) == ("unhealthy", ("0:5: the row was changed",))

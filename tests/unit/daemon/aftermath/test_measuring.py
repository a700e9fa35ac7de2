"""Each rollback is measured once, from the journal and the log of facts."""

from pathlib import Path

from msgspec.structs import replace

from daemon.aftermath.compensations import SETTLE_MS
from daemon.aftermath.measuring import RollbackMeasuring
from daemon.storage.checkpoint import Checkpoint
from remediation.state import ROLLBACKS_MAX
from tests.unit.daemon.aftermath.test_compensations import DAY_MS, told
from tests.unit.remediation.worlds import decided, scene


async def test_a_verified_rollback_is_measured_once_and_a_restart_changes_nothing(tmp_path: Path) -> None:
    where = await scene()
    checkpoint = await Checkpoint.open(tmp_path / "checkpoint.db", DAY_MS)
    await checkpoint.record([told("pay_1", "failed"), told("pay_2", "succeeded")], "queue", where.clock.now_ms())
    await where.executor.carry_out(await decided(where))
    measuring = RollbackMeasuring(checkpoint, where.writer, where.clock)
    await measuring.tick()
    assert where.writer.state.rollbacks == {}, "payments may still be under way"
    await where.clock.sleep(SETTLE_MS / 1000)
    await measuring.tick()
    measured = where.writer.state.rollbacks["dep-1"]
    assert (measured.exposed_payments, measured.failed_payments, measured.failed_cents) == (2, 1, 1250)
    assert measured.onset_at_ms <= measured.evidence_at_ms <= measured.decided_at_ms <= measured.commanded_at_ms
    sequence = where.writer.state.sequence
    await measuring.tick()
    again = await where.restarted()
    await RollbackMeasuring(checkpoint, again.writer, again.clock).tick()
    assert again.writer.state.sequence == sequence
    await checkpoint.close()


async def test_a_rollback_that_many_drills_came_after_is_not_measured_again(tmp_path: Path) -> None:
    where = await scene()
    checkpoint = await Checkpoint.open(tmp_path / "checkpoint.db", DAY_MS)
    await where.executor.carry_out(await decided(where))
    await where.clock.sleep(SETTLE_MS / 1000)
    measuring = RollbackMeasuring(checkpoint, where.writer, where.clock)
    await measuring.tick()
    measured = where.writer.state.rollbacks["dep-1"]
    for number in range(ROLLBACKS_MAX + 5):
        await where.writer.append(replace(measured, deployment_id=f"drill-{number}", drill=True))
    sequence = where.writer.state.sequence
    await measuring.tick()
    assert (where.writer.state.sequence, len(where.writer.state.rollbacks)) == (sequence, ROLLBACKS_MAX)
    assert where.writer.state.rollbacks["dep-1"] == measured
    await checkpoint.close()


async def test_a_rollback_whose_payments_are_no_longer_known_is_not_measured(tmp_path: Path) -> None:
    where = await scene()
    checkpoint = await Checkpoint.open(tmp_path / "checkpoint.db", DAY_MS)
    await where.executor.carry_out(await decided(where))
    where.writer.renewed(await where.journal.renew_lease(where.writer.lease, 2 * DAY_MS, where.clock.now_ms()))
    await where.clock.sleep(DAY_MS / 1000)
    await RollbackMeasuring(checkpoint, where.writer, where.clock).tick()
    assert where.writer.state.rollbacks == {}
    await checkpoint.close()

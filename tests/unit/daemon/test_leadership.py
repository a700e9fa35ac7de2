"""The lease is extended while the disk takes it, and lost leadership is never overlooked."""

import pytest

from daemon.leadership import LEASE_MS, Leadership
from remediation.errors import JournalFailed, JournalFull, StaleEpoch
from remediation.journal.entry import Lease
from tests.unit.remediation.worlds import scene


async def test_each_renewal_moves_the_end_of_the_lease() -> None:
    one = await scene()
    one.clock.at_ms += 100_000
    await Leadership(one.journal, one.writer, one.clock).renew()
    assert one.writer.lease.until_ms == one.clock.at_ms + LEASE_MS


async def test_another_leader_ends_the_leadership() -> None:
    one = await scene()
    await one.journal.acquire_lease("here", LEASE_MS, one.clock.now_ms())
    with pytest.raises(StaleEpoch):
        await Leadership(one.journal, one.writer, one.clock).renew()


class Refusing:
    """Leases on a disk that refuses until it is mended."""

    def __init__(self, fault: Exception) -> None:
        self.fault: Exception | None = fault

    async def acquire_lease(self, holder: str, ttl_ms: int, now_ms: int) -> Lease:
        """See Leases."""
        raise NotImplementedError

    async def renew_lease(self, lease: Lease, ttl_ms: int, now_ms: int) -> Lease:
        """See Leases."""
        if self.fault is not None:
            raise self.fault
        return Lease(epoch=lease.epoch, holder=lease.holder, until_ms=now_ms + ttl_ms)

    async def release_lease(self, lease: Lease) -> None:
        """See Leases."""
        raise NotImplementedError


@pytest.mark.parametrize("fault", [JournalFull(), JournalFailed("disk I/O error")])
async def test_a_disk_that_refuses_leaves_the_old_end_and_is_said_until_it_is_mended(fault: Exception) -> None:
    one = await scene()
    before = one.writer.lease
    leases = Refusing(fault)
    leadership = Leadership(leases, one.writer, one.clock)
    await leadership.renew()
    assert (one.writer.lease, leadership.fault) == (before, str(fault))
    leases.fault = None
    await leadership.renew()
    assert leadership.fault == ""
    assert one.writer.lease.until_ms == one.clock.now_ms() + LEASE_MS

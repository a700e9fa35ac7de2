"""Who may append and who gets the lease, as pure rules that every journal implementation shares."""

from remediation.errors import LeaseHeld, SequenceConflict, StaleEpoch
from remediation.journal.entry import Head, Lease

NO_LEASE = Lease(epoch=0, holder="", until_ms=0)


def admit(head: Head, lease: Lease, *, expected_sequence: int | None, epoch: int) -> None:
    """Return when the append may go on; the epoch is looked at first, because a stale leader must not retry.

    An expired lease that nobody took still writes: the epoch fences, not the clock.
    """
    if not lease.holder or epoch != lease.epoch:
        raise StaleEpoch(f"wrote with epoch {epoch}, the lease is at {lease.epoch} ({lease.holder or 'nobody'})")
    if expected_sequence is not None and expected_sequence != head.sequence:
        raise SequenceConflict(f"expected sequence {expected_sequence}, the journal is at {head.sequence}")


def grant(lease: Lease, *, holder: str, ttl_ms: int, now_ms: int) -> Lease:
    """The lease for this holder with the next epoch; LeaseHeld while it is live and another's."""
    if lease.holder not in {"", holder} and now_ms < lease.until_ms:
        raise LeaseHeld(f"{lease.holder} holds epoch {lease.epoch} for {lease.until_ms - now_ms} ms more")
    return Lease(epoch=lease.epoch + 1, holder=holder, until_ms=now_ms + ttl_ms)


def extend(lease: Lease, *, mine: Lease, ttl_ms: int, now_ms: int) -> Lease:
    """The same lease for longer, never for shorter; StaleEpoch when it is no longer mine."""
    if mine.epoch != lease.epoch or mine.holder != lease.holder:
        raise StaleEpoch(f"held epoch {mine.epoch}, the lease is at {lease.epoch} ({lease.holder or 'nobody'})")
    return Lease(epoch=lease.epoch, holder=lease.holder, until_ms=max(lease.until_ms, now_ms + ttl_ms))


def give_up(lease: Lease, *, mine: Lease) -> Lease:
    """The lease without a holder when it was mine, else unchanged; the epoch stays, so the next is higher."""
    if mine.epoch != lease.epoch:
        return lease
    return Lease(epoch=lease.epoch, holder="", until_ms=0)

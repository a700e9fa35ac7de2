"""Proposes what puts each payment of a bad release right: pure, and the same answer for the same books."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from remediation.compensation.model import AffectedPayment, Attempt, Fix, PaymentRecord

SETTLED = frozenset({"succeeded", "declined", "failed", "canceled"})
"""The statuses in which a payment waits for nobody; the rest but RESERVED waits for the rail or for a person."""
RESERVED = "requires_capture"
"""The status of a payment whose money is reserved and not taken."""


def propose(
    attempts: Iterable[Attempt],
    records: Mapping[str, PaymentRecord | None],
    later: Sequence[Attempt] = (),
) -> tuple[AffectedPayment, ...]:
    """The payments that are not as they were told, oldest first, each with its fix.

    attempts: of the bad release. records: what the payment core has for each of them. later: everybody's attempts from
    then on, to see who came back and paid. A payment that needs nothing, and never did, is not in the list.
    """
    paid = _paid(later)
    found = []
    for attempt in sorted(attempts, key=lambda one: (one.at_ms, one.payment_id)):
        affected = _judge(attempt, records.get(attempt.payment_id), paid)
        if affected is not None:
            found.append(affected)
    return tuple(found)


def digest_of(payments: Sequence[AffectedPayment]) -> str:
    """What an approval is bound to: another list, amount or fix has another digest."""
    lines = (f"{one.payment_id}\0{one.fix}\0{one.amount_cents}\0{one.currency}" for one in payments)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:32]


def _judge(attempt: Attempt, record: PaymentRecord | None, paid: "_Paid") -> AffectedPayment | None:
    """The first that holds: unknown to the core, on its way, taken too much, told a success, told none."""
    if record is None:
        # A request that was told and never written asked nothing of any rail.
        why = f"told {attempt.told}, and the payment core has no such payment"
        return _line(attempt, "unknown", Fix.INVESTIGATE, 0, why) if attempt.told else None
    if record.status not in SETTLED and record.status != RESERVED:
        why = f"it is {record.status}: the payment core asks the rail what became of it"
        return _line(attempt, record.status, Fix.WAIT, 0, why)
    excess_cents = record.captured_cents - record.refunded_cents - record.amount_cents
    if excess_cents > 0:
        why = f"{excess_cents} cents more than the {record.amount_cents} of the payment were taken"
        return _line(attempt, record.status, Fix.REFUND, excess_cents, why)
    return _told_success(attempt, record) if attempt.told == "succeeded" else _told_none(attempt, record, paid)


def _told_success(attempt: Attempt, record: PaymentRecord) -> AffectedPayment | None:
    if record.status not in {"failed", "declined"}:
        return None
    return _line(attempt, record.status, Fix.INVESTIGATE, 0, f"told succeeded, and it is {record.status}")


def _told_none(attempt: Attempt, record: PaymentRecord, paid: "_Paid") -> AffectedPayment | None:
    """The payer believes that nothing was taken."""
    taken_cents = record.captured_cents - record.refunded_cents
    told = attempt.told or "nothing"
    if taken_cents > 0:
        return _line(
            attempt, record.status, Fix.REFUND, taken_cents, f"told {told}, and {taken_cents} cents were taken"
        )
    if record.status == RESERVED:
        why = f"told {told}, and {record.amount_cents} cents are reserved"
        return _line(attempt, record.status, Fix.VOID, record.amount_cents, why)
    if record.status != "failed":
        return None
    back = next((one for one in paid.get(_payer(attempt), ()) if _came_back(attempt, one)), None)
    if back is not None:
        return _line(attempt, record.status, Fix.NONE, 0, f"failed, and the payer has paid since by {back.payment_id}")
    why = f"failed, nothing was taken, and the payer did not pay since: {record.amount_cents} cents to try again"
    return _line(attempt, record.status, Fix.RESEND, record.amount_cents, why)


_Paid = Mapping[tuple[str, ...], Sequence[Attempt]]
"""The attempts that succeeded, by who paid how much to whom."""


def _came_back(attempt: Attempt, later: Attempt) -> bool:
    """Whoever has paid the same amount to the same provider since is never charged again, however late it was."""
    return later.at_ms >= attempt.at_ms and later.payment_id != attempt.payment_id


def _paid(later: Sequence[Attempt]) -> _Paid:
    paid: dict[tuple[str, ...], list[Attempt]] = defaultdict(list)
    for one in later:
        if one.told == "succeeded" and one.customer_id:
            paid[_payer(one)].append(one)
    return paid


def _payer(attempt: Attempt) -> tuple[str, ...]:
    return (attempt.customer_id, attempt.provider_id, str(attempt.amount_cents), attempt.currency)


def _line(attempt: Attempt, status: str, fix: Fix, amount_cents: int, why: str) -> AffectedPayment:
    return AffectedPayment(
        payment_id=attempt.payment_id,
        at_ms=attempt.at_ms,
        told=attempt.told,
        status=status,
        fix=fix,
        amount_cents=amount_cents,
        currency=attempt.currency,
        why=why,
    )

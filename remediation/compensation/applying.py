"""Does what was approved, one payment after the other: intent on disk, one call with one key, what came of it."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import assert_never

import structlog

from remediation.compensation.model import MOVES_MONEY, AffectedPayment, Fix, PaymentRecord
from remediation.compensation.ports import PaymentBooks
from remediation.compensation.state import CompensationState
from remediation.errors import WorldRefused, WorldUnreachable
from remediation.journal.aftermath_kinds import CompensationBegun, CompensationEnded
from remediation.journal.writer import JournalWriter
from remediation.ports import Clock

log = structlog.get_logger()


Again = Callable[[AffectedPayment], Awaitable[AffectedPayment | None]]
"""What would be proposed for the payment at this moment; None when it is right by now."""


class Compensating:
    """Applies one approved list. Journal faults are raised, and nothing is done after one."""

    def __init__(self, books: PaymentBooks, writer: JournalWriter, clock: Clock) -> None:
        self._books = books
        self._writer = writer
        self._clock = clock

    async def apply(self, listed: CompensationState, again: Again, approved: Callable[[], bool]) -> int:
        """Do what is not done yet; how many ended by this call. One that the core does not answer stays open.

        listed: what people approved. again: looks at one payment right before its fix; a fix that is not the approved
        one any more is not begun. approved: whether people's yes still holds; when it does not, what was begun is
        finished and nothing else is begun.
        """
        ended = 0
        for payment in listed.payments:
            if payment.fix not in MOVES_MONEY:
                continue
            state = listed.fixes.get(payment.payment_id)
            if state is not None and state.ended:
                continue
            if self._clock.now_ms() >= self._writer.lease.until_ms:
                return ended
            if state is None:
                if not approved():
                    continue
                # What was approved may not be so any more; what was begun is repeated with its key instead.
                changed = _changed(payment, await again(payment))
                if changed:
                    await self._end(listed, payment, done=False, detail=changed)
                    ended += 1
                    continue
                await self._begin(listed, payment)
            ended += await self._finish(listed, payment)
        return ended

    async def _begin(self, listed: CompensationState, payment: AffectedPayment) -> None:
        await self._writer.append(
            CompensationBegun(
                deployment_id=listed.deployment_id,
                payment_id=payment.payment_id,
                fix=payment.fix,
                amount_cents=payment.amount_cents,
                key=key_of(listed.deployment_id, payment),
            )
        )

    async def _finish(self, listed: CompensationState, payment: AffectedPayment) -> bool:
        """Send it and write what came of it; False when the core did not answer, so that it is sent again later."""
        key = key_of(listed.deployment_id, payment)
        try:
            made = await self._send(payment, key)
        except WorldUnreachable as fault:
            log.warning("fix waits", action="compensation_waits", payment_id=payment.payment_id, fault=str(fault))
            return False
        except WorldRefused as fault:
            await self._end(listed, payment, done=False, detail=fault.detail)
            return True
        await self._end(listed, payment, done=True, detail=f"{payment.fix} as {made}")
        return True

    async def _send(self, payment: AffectedPayment, key: str) -> str:
        match payment.fix:
            case Fix.REFUND:
                reason = "a release that was rolled back took it"
                return await self._books.refund(payment.payment_id, payment.amount_cents, payment.currency, reason, key)
            case Fix.VOID:
                return await self._books.void(payment.payment_id, key)
            case Fix.RESEND:
                return await self._books.resend(await self._record(payment), key)
            case Fix.WAIT | Fix.INVESTIGATE | Fix.NONE:
                raise WorldRefused(f"{payment.fix} moves nothing.")
            case _:
                assert_never(payment.fix)

    async def _record(self, payment: AffectedPayment) -> PaymentRecord:
        record = await self._books.payment(payment.payment_id)
        if record is None:
            raise WorldRefused("The payment core has no such payment.")
        return record

    async def _end(self, listed: CompensationState, payment: AffectedPayment, *, done: bool, detail: str) -> None:
        await self._writer.append(
            CompensationEnded(
                deployment_id=listed.deployment_id, payment_id=payment.payment_id, done=done, detail=detail
            )
        )


def key_of(deployment_id: str, payment: AffectedPayment) -> str:
    """The idempotency key of one fix of one payment: the same for every repetition, and for every later list."""
    parts = (deployment_id, payment.payment_id, payment.fix)
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _changed(approved: AffectedPayment, now: AffectedPayment | None) -> str:
    """Why what was approved is not what would be done now; empty when it is."""
    if now is None:
        return "it is right by now"
    if (now.fix, now.amount_cents) != (approved.fix, approved.amount_cents):
        return f"by now it would be {now.fix} of {now.amount_cents} cents: {now.why}"
    return ""

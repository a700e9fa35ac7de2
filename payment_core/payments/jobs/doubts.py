"""Asks once more about instructions that the rail had not seen; money that it took after all is given back."""

import msgspec
import structlog

from payment_core.acquirer.port import Instruction, Verdict
from payment_core.operations.batch import BATCH_MAX, each
from payment_core.payments.model import Doubt, Payment
from payment_core.payments.rail.carrying import Carrier
from payment_core.payments.rail.flights import creation_flight
from payment_core.payments.terms import RETRY_EXPIRY_MS, RETRY_UNKNOWN_MS
from payment_core.store.port import LedgerStore, Transaction
from payment_core.store.records import Due

log = structlog.get_logger()

ACTOR = "sweep:doubts"


class Doubts:
    """Resolves doubts: by then every process that could have sent the instruction has given it up."""

    def __init__(self, store: LedgerStore, carrier: Carrier) -> None:
        self._store = store
        self._carrier = carrier

    async def run_once(self, now_ms: int) -> int:
        """Resolve what is due; returns how many doubts were."""
        due = await self._store.query(Due(Doubt, now_ms, BATCH_MAX))
        return await each(due, self._resolve, "doubts")

    async def _resolve(self, doubt: Doubt) -> bool:
        rail = await self._carrier.ask(doubt.id)
        if rail.verdict is not Verdict.APPROVED:
            return await self._write(doubt, resolved=rail.verdict is not Verdict.UNKNOWN)
        payment = await self._store.read(Payment, doubt.payment_id)
        if payment is None:
            return await self._write(doubt, resolved=False)
        log.error("taking back an approval that came too late", action="stray_undone", payment=payment.id)
        answer = await self._carrier.send(_undo(doubt, payment))
        if answer.verdict in {Verdict.DECLINED, Verdict.FAILED}:
            log.error("rail does not give back", action="stray_kept", payment=payment.id, code=answer.code)
            return await self._write(doubt, resolved=False, refused=True)
        return await self._write(doubt, resolved=answer.verdict is Verdict.APPROVED)

    async def _write(self, doubt: Doubt, *, resolved: bool, refused: bool = False) -> bool:
        def work(transaction: Transaction) -> None:
            if resolved:
                transaction.delete(Doubt, doubt.id)
            elif transaction.get(Doubt, doubt.id) == doubt:
                pause_ms = RETRY_EXPIRY_MS if refused else RETRY_UNKNOWN_MS
                ask_at_ms = transaction.now_ms + pause_ms
                again = msgspec.structs.replace(doubt, ask_at_ms=ask_at_ms, refused=doubt.refused + refused)
                transaction.put(again)

        await self._store.transact(work, ACTOR)
        return resolved


def _undo(doubt: Doubt, payment: Payment) -> Instruction:
    """What gives the money back: under one reference until the rail has refused it, then under the next.

    A purchase that can no longer be voided, because it has settled, is refunded.
    """
    bought = creation_flight(payment).instruction.order == "purchase"
    return Instruction(
        f"{doubt.id}:stray" if doubt.refused == 0 else f"{doubt.id}:stray:{doubt.refused}",
        "refund" if doubt.refused % 2 == 1 and bought else doubt.order,
        payment.rail,
        payment.method,
        doubt.amount_cents,
        payment.currency,
        payment.id,
    )

"""Asks once more about instructions that the rail had not seen; money that it took after all is given back."""

from typing import cast

import structlog

from payment_core.acquirer.port import Instruction, Verdict
from payment_core.payments.carrying import Carrier
from payment_core.payments.jobs.batch import BATCH_MAX, each
from payment_core.payments.model import Doubt, Payment
from payment_core.payments.terms import RETRY_UNKNOWN_MS
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
        due = cast("list[Doubt]", await self._store.query(Due(Doubt, now_ms, BATCH_MAX)))
        return await each(due, self._resolve, "doubts")

    async def _resolve(self, doubt: Doubt) -> bool:
        rail = await self._carrier.ask(doubt.id)
        undone = rail.verdict is not Verdict.APPROVED or await self._undo(doubt)
        resolved = rail.verdict is not Verdict.UNKNOWN and undone
        await self._store.transact(lambda transaction: _write(transaction, doubt, resolved=resolved), ACTOR)
        return resolved

    async def _undo(self, doubt: Doubt) -> bool:
        payment = await self._store.read(Payment, doubt.payment_id)
        if payment is None:
            return False
        log.error("taking back an approval that came too late", action="stray_undone", payment=payment.id)
        undo = Instruction(
            f"{doubt.id}:stray",
            doubt.order,
            payment.rail,
            payment.method,
            doubt.amount_cents,
            payment.currency,
            payment.id,
        )
        answer = await self._carrier.send(undo)
        return answer.verdict is Verdict.APPROVED


def _write(transaction: Transaction, doubt: Doubt, *, resolved: bool) -> None:
    if resolved:
        transaction.delete(Doubt, doubt.id)
    elif transaction.get(Doubt, doubt.id) is not None:
        transaction.put(
            Doubt(
                id=doubt.id,
                payment_id=doubt.payment_id,
                order=doubt.order,
                amount_cents=doubt.amount_cents,
                ask_at_ms=transaction.now_ms + RETRY_UNKNOWN_MS,
            )
        )

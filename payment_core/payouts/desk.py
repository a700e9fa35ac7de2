"""The operations on payouts that callers ask for."""

from enum import StrEnum

from payment_core.ach.files.moving import EntryMover
from payment_core.answers import Answer, ok
from payment_core.clock import Clock
from payment_core.flags.context import provider_context
from payment_core.flags.declared import DIRECT_ACH_TRANSFERS, INSTANT_PAYOUTS, Gates, NormalOperation
from payment_core.identifiers import new_id
from payment_core.operations.bodies import NoBody
from payment_core.operations.call import Call
from payment_core.operations.once import answered_before, perform_once
from payment_core.operations.pages import answer_one, answer_page
from payment_core.origin import Origin
from payment_core.payouts.deciding import approve, cancel
from payment_core.payouts.model import Payout
from payment_core.payouts.refusals import PayoutRefusal
from payment_core.payouts.requesting import Requesting, Wanted
from payment_core.payouts.requests import PayoutRequest
from payment_core.payouts.scoring import Scoring
from payment_core.payouts.views import payout_view
from payment_core.store.port import LedgerStore, Transaction

CREATE, APPROVE, CANCEL = "payout.create", "payout.approve", "payout.cancel"


class PayoutDesk:
    """Every operation takes its idempotency key with it into the transaction."""

    def __init__(
        self,
        *,
        store: LedgerStore,
        origin: Origin,
        clock: Clock,
        requesting: Requesting,
        scoring: Scoring,
        mover: EntryMover,
        flags: Gates | None = None,
    ) -> None:
        self._store = store
        self._origin = origin
        self._clock = clock
        self._requesting = requesting
        self._scoring = scoring
        self._mover = mover
        self._flags = NormalOperation() if flags is None else flags

    async def create(self, call: Call, body: PayoutRequest) -> Answer | StrEnum:
        """A payout, requested; its answer says when the money arrives and what it waits for."""
        # A replay must not count twice in the score's windows.
        known = await answered_before(self._store, CREATE, call)
        if known is not None:
            return known
        refusal = self._closed(body)
        if refusal is not None:
            return refusal
        if body.speed == "instant":
            return PayoutRefusal.INSTANT_NOT_AVAILABLE
        now_ms = self._clock.now_ms()
        wanted = Wanted(
            payout_id=new_id("po", now_ms),
            provider_id=body.provider_id,
            bank_account_id=body.bank_account_id,
            amount_cents=0 if body.amount is None else body.amount.amount_cents,
            speed=body.speed,
            actor=call.actor,
        )
        assessed = await self._scoring.score(wanted, now_ms)
        disputed_cents = await self._scoring.disputed_cents(body.provider_id)

        def work(transaction: Transaction) -> Answer | StrEnum:
            payout = self._requesting.request(transaction, wanted, assessed, disputed_cents)
            return _answered(payout, 201)

        return await perform_once(self._store, CREATE, call, work)

    async def approve(self, call: Call, _body: NoBody | None) -> Answer | StrEnum:
        """One more person's yes."""

        def work(transaction: Transaction) -> Answer | StrEnum:
            return _answered(approve(transaction, self._origin, call.path["payout_id"], call.actor), 200)

        return await perform_once(self._store, APPROVE, call, work)

    async def cancel(self, call: Call, _body: NoBody | None) -> Answer | StrEnum:
        """Take it back, as long as no file has it."""

        def work(transaction: Transaction) -> Answer | StrEnum:
            return _answered(cancel(transaction, self._origin, self._mover, call.path["payout_id"]), 200)

        return await perform_once(self._store, CANCEL, call, work)

    async def get(self, call: Call, _body: None) -> Answer | StrEnum:
        """One payout."""
        missing = PayoutRefusal.PAYOUT_NOT_FOUND
        return await answer_one(self._store, Payout, call.path["payout_id"], payout_view, missing)

    async def list(self, call: Call, _body: None) -> Answer:
        """A page of payouts, all or one provider's."""
        return await answer_page(self._store, call, Payout, payout_view, owner=str(call.query["provider_id"]))

    def _closed(self, body: PayoutRequest) -> PayoutRefusal | None:
        """Why no payout of this speed is accepted."""
        amount_cents = 0 if body.amount is None else body.amount.amount_cents
        context = provider_context(self._origin, body.provider_id, amount_cents)
        if not self._flags.enabled(DIRECT_ACH_TRANSFERS, context):
            return PayoutRefusal.BANK_TRANSFERS_OFF
        if body.speed != "standard" and not self._flags.enabled(INSTANT_PAYOUTS, context):
            return PayoutRefusal.FAST_PAYOUTS_OFF
        return None


def _answered(outcome: Payout | PayoutRefusal, status: int) -> Answer | StrEnum:
    return outcome if isinstance(outcome, PayoutRefusal) else ok(payout_view(outcome), status)

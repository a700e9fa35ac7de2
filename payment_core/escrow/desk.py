"""Operations on escrows, as the API asks for them: each is one transaction with its idempotency key."""

from collections.abc import Callable
from enum import StrEnum

from payment_core.answers import Answer, ok
from payment_core.escrow.acts import marks, money
from payment_core.escrow.acts.opening import open_escrow
from payment_core.escrow.acts.saving import Setting
from payment_core.escrow.model import Escrow
from payment_core.escrow.ports import RefundRefused
from payment_core.escrow.refusals import EscrowRefusal
from payment_core.escrow.requests import AmountRequest, ConditionRequest, EscrowRequest, ResolutionRequest
from payment_core.escrow.views import view_of
from payment_core.operations.bodies import NoBody, ReasonRequest
from payment_core.operations.call import Call
from payment_core.operations.once import perform_once
from payment_core.operations.pages import answer_one, answer_page
from payment_core.store.port import LedgerStore, Transaction

EscrowAct = Callable[[Transaction, Setting, Escrow], Escrow | EscrowRefusal]


class EscrowDesk:
    """The operations; each answers the escrow as it is afterwards, or refuses and changes nothing."""

    def __init__(self, store: LedgerStore, setting: Setting) -> None:
        self._store = store
        self._setting = setting

    async def create(self, call: Call, body: EscrowRequest) -> Answer | StrEnum:
        """Make an escrow; it is funded at once when the money is there."""

        def work(transaction: Transaction) -> Answer | StrEnum:
            made = open_escrow(transaction, self._setting, body)
            return made if isinstance(made, EscrowRefusal) else ok(view_of(made), 201)

        return await perform_once(self._store, "escrow.create", call, work)

    async def get(self, call: Call, _body: None) -> Answer | StrEnum:
        """One escrow."""
        return await answer_one(self._store, Escrow, call.path["escrow_id"], view_of, EscrowRefusal.ESCROW_NOT_FOUND)

    async def list(self, call: Call, _body: None) -> Answer | StrEnum:
        """A page of escrows, all or one provider's."""
        owner = str(call.query["provider_id"])
        return await answer_page(self._store, call, Escrow, view_of, owner=owner)

    async def fund(self, call: Call, _body: NoBody) -> Answer | StrEnum:
        """Take the money of its payments, now that they are captured."""
        return await self._act(call, "escrow.fund", money.fund)

    async def satisfy(self, call: Call, body: ConditionRequest) -> Answer | StrEnum:
        """Note that a condition is satisfied."""

        def act(transaction: Transaction, setting: Setting, escrow: Escrow) -> Escrow | EscrowRefusal:
            return marks.satisfy(transaction, setting, escrow, call.path["name"], body.evidence, call.actor)

        return await self._act(call, "escrow.satisfy", act)

    async def approve(self, call: Call, _body: NoBody) -> Answer | StrEnum:
        """Approve the next release; the person is whoever the API key names."""

        def act(transaction: Transaction, setting: Setting, escrow: Escrow) -> Escrow | EscrowRefusal:
            return marks.approve(transaction, setting, escrow, call.actor)

        return await self._act(call, "escrow.approve", act)

    async def release(self, call: Call, body: AmountRequest) -> Answer | StrEnum:
        """Pay the payees."""

        def act(transaction: Transaction, setting: Setting, escrow: Escrow) -> Escrow | EscrowRefusal:
            return money.release(transaction, setting, escrow, _cents(body))

        return await self._act(call, "escrow.release", act)

    async def refund(self, call: Call, body: AmountRequest) -> Answer | StrEnum:
        """Give money back to the payer."""

        def act(transaction: Transaction, setting: Setting, escrow: Escrow) -> Escrow | EscrowRefusal:
            return money.refund(transaction, setting, escrow, _cents(body), body.reason)

        return await self._act(call, "escrow.refund", act)

    async def freeze(self, call: Call, body: ReasonRequest) -> Answer | StrEnum:
        """Stop everything."""

        def act(transaction: Transaction, setting: Setting, escrow: Escrow) -> Escrow | EscrowRefusal:
            return marks.freeze(transaction, setting, escrow, body.reason)

        return await self._act(call, "escrow.freeze", act)

    async def unfreeze(self, call: Call, _body: NoBody) -> Answer | StrEnum:
        """Go on."""
        return await self._act(call, "escrow.unfreeze", marks.unfreeze)

    async def dispute(self, call: Call, body: ReasonRequest) -> Answer | StrEnum:
        """Open a dispute."""

        def act(transaction: Transaction, setting: Setting, escrow: Escrow) -> Escrow | EscrowRefusal:
            return marks.dispute(transaction, setting, escrow, body.reason)

        return await self._act(call, "escrow.dispute", act)

    async def resolve(self, call: Call, body: ResolutionRequest) -> Answer | StrEnum:
        """Decide a dispute."""

        def act(transaction: Transaction, setting: Setting, escrow: Escrow) -> Escrow | EscrowRefusal:
            return money.resolve(
                transaction, setting, escrow, provider_cents=body.provider_cents, payer_cents=body.payer_cents
            )

        return await self._act(call, "escrow.resolve", act)

    async def expire(self, call: Call, _body: NoBody) -> Answer | StrEnum:
        """Give up an escrow that has no money."""
        return await self._act(call, "escrow.expire", marks.expire)

    async def _act(self, call: Call, operation: str, act: EscrowAct) -> Answer | StrEnum:
        def work(transaction: Transaction) -> Answer | StrEnum:
            escrow = transaction.get(Escrow, call.path["escrow_id"])
            if escrow is None:
                return EscrowRefusal.ESCROW_NOT_FOUND
            after = act(transaction, self._setting, escrow)
            return after if isinstance(after, EscrowRefusal) else ok(view_of(after))

        try:
            return await perform_once(self._store, operation, call, work)
        except RefundRefused:
            return EscrowRefusal.REFUND_REFUSED


def _cents(body: AmountRequest) -> int:
    return 0 if body.amount is None else body.amount.amount_cents

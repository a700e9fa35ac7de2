"""The job that lets waiting payouts go once nothing holds them, and queues their entries."""

from config.ach import Ach
from payment_core.ach.files.outgoing.originating import IDENTIFICATION_WIDTH, originate
from payment_core.operations.batch import each
from payment_core.origin import Origin
from payment_core.payouts.holding import holds_of, next_check_at_ms
from payment_core.payouts.journals import free
from payment_core.payouts.limits import count
from payment_core.payouts.model import Payout
from payment_core.payouts.moving import move_payout, write_payout
from payment_core.payouts.refusals import PayoutRefusal
from payment_core.payouts.requesting import Requesting, sec_of
from payment_core.payouts.scoring import Scoring
from payment_core.store.port import LedgerStore, Transaction, Work
from payment_core.store.records import Due

ACTOR = "sweep:payouts"
PAYOUTS_PER_RUN = 100


class PayoutJob:
    """Each step is one transaction that looks at everything again, so it may stop and start anywhere."""

    def __init__(self, store: LedgerStore, origin: Origin, ach: Ach, requesting: Requesting, scoring: Scoring) -> None:
        self._store = store
        self._origin = origin
        self._ach = ach
        self._requesting = requesting
        self._scoring = scoring

    async def run_once(self, now_ms: int) -> int:
        """How many payouts went into the queue of the next file."""
        return await each(await self._store.query(Due(Payout, now_ms, PAYOUTS_PER_RUN)), self._advance, "payouts")

    async def _advance(self, payout: Payout) -> bool:
        disputed_cents = await self._scoring.disputed_cents(payout.provider_id)
        after = await self._store.transact(self._step(payout.id, disputed_cents), ACTOR)
        if after is not None and after.status == "approved":
            after = await self._store.transact(self._step(payout.id, disputed_cents), ACTOR)
        return after is not None and after.status == "batched"

    def _step(self, payout_id: str, disputed_cents: int) -> Work[Payout | None]:
        def work(transaction: Transaction) -> Payout | None:
            payout = transaction.get(Payout, payout_id)
            if payout is None or not 0 < payout.due_at_ms <= transaction.now_ms:
                return payout
            return self._decide(transaction, payout, disputed_cents)

        return work

    def _decide(self, transaction: Transaction, payout: Payout, disputed_cents: int) -> Payout:
        parties = self._requesting.parties(transaction, payout.provider_id, payout.bank_account_id)
        if isinstance(parties, PayoutRefusal):
            return self._fail(transaction, payout, parties)
        provider, account = parties
        around = self._requesting.circumstances(provider, account, disputed_cents, transaction.now_ms)
        holds = holds_of(payout, around)
        check_at_ms = next_check_at_ms(holds, around)
        if holds:
            if payout.status == "approved":
                return move_payout(
                    transaction, self._origin, payout, "requested", holds=holds, next_check_at_ms=check_at_ms
                )
            return write_payout(transaction, self._origin, payout, holds=holds, next_check_at_ms=check_at_ms)
        if payout.status == "requested":
            return move_payout(transaction, self._origin, payout, "approved", holds=(), next_check_at_ms=check_at_ms)
        entry = originate(
            transaction,
            self._origin,
            direction="credit",
            sec=sec_of(account),
            purpose="payout",
            subject_id=payout.id,
            bank_account=account,
            amount_cents=payout.amount_cents,
            name=account.holder_name,
            description=self._ach.company.payout_description,
            individual_id=payout.id[-IDENTIFICATION_WIDTH:],
            same_day=payout.speed == "same_day",
        )
        arrives_at_ms = self._requesting.arrives_at_ms(transaction.now_ms, payout.amount_cents, account, payout.speed)
        return move_payout(
            transaction,
            self._origin,
            payout,
            "batched",
            entry_id=entry.id,
            arrives_at_ms=arrives_at_ms,
            next_check_at_ms=0,
        )

    def _fail(self, transaction: Transaction, payout: Payout, refusal: PayoutRefusal) -> Payout:
        """The provider was closed, or its account taken away: there is nobody to pay."""
        free(transaction, payout)
        count(transaction, payout.provider_id, payout.counted_on, -payout.amount_cents)
        return move_payout(
            transaction, self._origin, payout, "failed", failure=refusal.value, holds=(), next_check_at_ms=0
        )

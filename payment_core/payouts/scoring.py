"""Asks for the fraud score of a payout that is about to be requested."""

import msgspec

from checks.facts import PayoutRequested
from payment_core.ledger.accounts import PROVIDER_AVAILABLE
from payment_core.origin import Origin
from payment_core.payouts.holding import changed_at_ms
from payment_core.payouts.ports import Assessed, OpenDisputes, PayoutRisk, Risk
from payment_core.payouts.requesting import Wanted
from payment_core.providers.model import BankAccount, Provider
from payment_core.store.port import LedgerStore

PERCENT = 100


class Scoring:
    """Reads outside of the transaction what the score needs; the money itself is checked again inside."""

    def __init__(self, store: LedgerStore, origin: Origin, risk: PayoutRisk, disputes: OpenDisputes) -> None:
        self._store = store
        self._origin = origin
        self._risk = risk
        self._disputes = disputes

    async def disputed_cents(self, provider_id: str) -> int:
        """Of open disputes, as far as no money is set aside for them."""
        return await self._disputes.unsecured_cents(provider_id)

    async def score(self, wanted: Wanted, now_ms: int) -> Assessed | None:
        """The decision; None when provider or bank account are missing, which the request refuses anyway."""
        provider = await self._store.read(Provider, wanted.provider_id)
        if provider is None:
            return None
        account_id = provider.default_bank_account_id if wanted.bank_account_id == "" else wanted.bank_account_id
        account = await self._store.read(BankAccount, account_id)
        if account is None:
            return None
        balances = await self._store.account(PROVIDER_AVAILABLE.of(provider.id))
        available = max(0, balances.available_cents("credit"))
        amount_cents = available if wanted.amount_cents == 0 else wanted.amount_cents
        fact = PayoutRequested(
            id=f"{wanted.payout_id}.1.requested",
            at_ms=now_ms,
            subject=wanted.payout_id,
            region=self._origin.region,
            environment=self._origin.environment,
            version=self._origin.release,
            rail="ach",
            amount_cents=amount_cents,
            provider_id=provider.id,
            method_fingerprint=account.fingerprint,
            account_created_at_ms=provider.created_at_ms,
            bank_account_changed_at_ms=changed_at_ms(provider, account),
            balance_share_percent=0 if available == 0 else min(PERCENT, amount_cents * PERCENT // available),
        )
        decided = self._risk.score(fact, now_ms, account.holder_name)
        if decided.score is None:
            # The daemon has to hear of it: the provider sees a review and no fault.
            fact = msgspec.structs.replace(fact, scored=False)
        return Assessed(fact, Risk(decided.decision, decided.reasons))

"""Makes a payout in one transaction: checks it, sets its money aside, and says when the money will arrive."""

from typing import Literal

import msgspec

from checks.facts import PayoutRequested
from checks.scoring.model import Decision
from config.ach import Ach
from payment_core.ach.calendar import local_time
from payment_core.ach.files.outgoing.planning import plan_entry
from payment_core.ach.files.terms import schedule_of
from payment_core.ledger.accounts import PROVIDER_AVAILABLE, PROVIDER_RESERVE
from payment_core.origin import Origin
from payment_core.payouts.holding import Circumstances, holds_of, next_check_at_ms
from payment_core.payouts.journals import set_aside
from payment_core.payouts.limits import count, limit_refusal, room_cents
from payment_core.payouts.model import Payout, Speed
from payment_core.payouts.ports import Assessed, Risk
from payment_core.payouts.refusals import PayoutRefusal
from payment_core.providers.model import BankAccount, Provider
from payment_core.store.port import Transaction

SECOND_MS = 1000


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. payout_id: that the payout will have. amount_cents: 0 for everything that is available.

    fits: whether an amount above the limits is lowered to them, as the schedule does, instead of refused.
    """

    payout_id: str
    provider_id: str
    bank_account_id: str = ""
    amount_cents: int = 0
    speed: Speed = "standard"
    source: Literal["api", "schedule"] = "api"
    slot: str = ""
    actor: str
    fits: bool = False


class Available(msgspec.Struct, frozen=True):
    """cents: what can be paid out. owed_cents: what the provider owes us and this payout takes back first."""

    cents: int
    owed_cents: int


def available_of(transaction: Transaction, provider_id: str) -> Available:
    """The provider's money, less what it owes after late returns and lost disputes."""
    own = transaction.balances(PROVIDER_AVAILABLE.of(provider_id)).available_cents("credit")
    owed = transaction.balances(PROVIDER_RESERVE.of(provider_id)).available_cents("debit")
    taken = max(0, min(own, owed))
    return Available(max(0, own - taken), taken)


_NOT_SCORED = Risk(Decision.REVIEW, ("not_scored",))


class Requesting:
    """Every refusal comes before anything is written."""

    def __init__(self, origin: Origin, ach: Ach) -> None:
        self._origin = origin
        self._ach = ach
        self._terms = ach.payouts
        self._schedule = schedule_of(ach)

    def request(
        self, transaction: Transaction, wanted: Wanted, assessed: Assessed | None, disputed_cents: int
    ) -> Payout | PayoutRefusal:
        """The new payout, requested, with the reasons it waits for; or why there is none.

        assessed: None where nothing was scored.
        """
        parties = self.parties(transaction, wanted.provider_id, wanted.bank_account_id)
        if isinstance(parties, PayoutRefusal):
            return parties
        provider, account = parties
        available = available_of(transaction, provider.id)
        amount_cents = self._amount(transaction, wanted, provider, available)
        if isinstance(amount_cents, PayoutRefusal):
            return amount_cents
        risk = _NOT_SCORED if assessed is None else assessed.risk
        payout = self._payout(transaction, wanted, account, risk, amount_cents)
        around = self.circumstances(provider, account, disputed_cents, transaction.now_ms)
        holds = holds_of(payout, around)
        payout = msgspec.structs.replace(payout, holds=holds, next_check_at_ms=next_check_at_ms(holds, around))
        if set_aside(transaction, payout, available.owed_cents) is not None:
            return PayoutRefusal.AMOUNT_EXCEEDS_AVAILABLE
        count(transaction, provider.id, payout.counted_on, amount_cents)
        transaction.change(payout, self._event(payout, account, assessed, transaction.now_ms))
        return payout

    def _event(self, payout: Payout, account: BankAccount, assessed: Assessed | None, now_ms: int) -> PayoutRequested:
        """What was scored, with the amount that it came to; all that is known when nothing was scored."""
        if assessed is not None:
            return msgspec.structs.replace(assessed.requested, amount_cents=payout.amount_cents)
        return PayoutRequested(
            id=f"{payout.id}.1.requested",
            at_ms=now_ms,
            subject=payout.id,
            region=self._origin.region,
            environment=self._origin.environment,
            version=self._origin.release,
            rail="ach",
            amount_cents=payout.amount_cents,
            provider_id=payout.provider_id,
            method_fingerprint=account.fingerprint,
            bank_account_changed_at_ms=account.changed_at_ms,
            scored=False,
        )

    def parties(
        self, transaction: Transaction, provider_id: str, bank_account_id: str
    ) -> tuple[Provider, BankAccount] | PayoutRefusal:
        """Who is paid, and where. bank_account_id: empty for the provider's default one."""
        provider = transaction.get(Provider, provider_id)
        if provider is None:
            return PayoutRefusal.PROVIDER_NOT_FOUND
        if provider.status == "closed":
            return PayoutRefusal.PROVIDER_CLOSED
        account_id = provider.default_bank_account_id if bank_account_id == "" else bank_account_id
        account = transaction.get(BankAccount, account_id) if account_id != "" else None
        if account is None:
            return PayoutRefusal.BANK_ACCOUNT_MISSING
        if account.holder_id != provider.id:
            return PayoutRefusal.BANK_ACCOUNT_OF_ANOTHER_HOLDER
        return provider, account

    def circumstances(
        self, provider: Provider, account: BankAccount, disputed_cents: int, now_ms: int
    ) -> Circumstances:
        """What the payout is judged by."""
        change_hold_ms = round(self._terms.bank_change_hold * SECOND_MS)
        return Circumstances(provider, account, disputed_cents, change_hold_ms, now_ms)

    def arrives_at_ms(self, now_ms: int, amount_cents: int, account: BankAccount, speed: Speed) -> int:
        """When the money should be there if it goes into the next file."""
        sec = sec_of(account)
        plan = plan_entry(now_ms, "credit", amount_cents, sec, self._schedule, same_day=speed == "same_day")
        return plan.settles_at_ms

    def _amount(
        self, transaction: Transaction, wanted: Wanted, provider: Provider, available: Available
    ) -> int | PayoutRefusal:
        if available.cents == 0:
            return PayoutRefusal.NOTHING_AVAILABLE
        day = local_time(transaction.now_ms).date()
        amount_cents = available.cents if wanted.amount_cents == 0 else wanted.amount_cents
        if wanted.fits:
            amount_cents = min(amount_cents, room_cents(transaction, provider.id, day, self._terms))
        if amount_cents < max(self._terms.minimum_cents, provider.minimum_payout_cents):
            return PayoutRefusal.BELOW_MINIMUM
        if amount_cents > available.cents:
            return PayoutRefusal.AMOUNT_EXCEEDS_AVAILABLE
        refusal = limit_refusal(transaction, provider.id, day, amount_cents, self._terms)
        return amount_cents if refusal is None else refusal

    def _payout(
        self, transaction: Transaction, wanted: Wanted, account: BankAccount, risk: Risk, amount_cents: int
    ) -> Payout:
        large = self._terms.approvals if amount_cents >= self._terms.approval_from_cents else 0
        reviewed = 1 if risk.decision == "review" else 0
        return Payout(
            id=wanted.payout_id,
            created_at_ms=transaction.now_ms,
            updated_at_ms=transaction.now_ms,
            provider_id=wanted.provider_id,
            bank_account_id=account.id,
            amount_cents=amount_cents,
            speed=wanted.speed,
            source=wanted.source,
            slot=wanted.slot,
            requested_by=wanted.actor,
            risk=risk.decision.value,
            risk_reasons=risk.reasons,
            approvals_needed=max(large, reviewed),
            counted_on=local_time(transaction.now_ms).date().isoformat(),
            arrives_at_ms=self.arrives_at_ms(transaction.now_ms, amount_cents, account, wanted.speed),
        )


def sec_of(account: BankAccount) -> Literal["PPD", "CCD"]:
    """The entry class of a payout: PPD to a person, CCD to a company."""
    return "PPD" if account.account_class == "personal" else "CCD"

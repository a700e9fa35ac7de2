"""Operations on providers: create, change, suspend, reinstate and close."""

from collections.abc import Callable
from enum import StrEnum

from payment_core.answers import Answer, ok
from payment_core.identifiers import new_id
from payment_core.ledger.accounts import CUSTOMER_ESCROW, PROVIDER_AVAILABLE
from payment_core.operations.bodies import NoBody, ReasonRequest
from payment_core.operations.call import Call
from payment_core.operations.documents import next_of, record_change
from payment_core.operations.once import perform_once
from payment_core.operations.pages import answer_one, answer_page
from payment_core.origin import Origin
from payment_core.providers.model import BankAccount, Provider
from payment_core.providers.refusals import ProviderRefusal
from payment_core.providers.requests import ProviderRequest, ProviderUpdate
from payment_core.providers.screening import NameScreen, screened
from payment_core.providers.views import provider_view
from payment_core.store.port import LedgerStore, Transaction

Act = Callable[[Transaction, Provider], Provider | ProviderRefusal]


class ProviderDesk:
    """The operations; a suspended provider, and one under review, is paid nothing."""

    def __init__(self, store: LedgerStore, screen: NameScreen, origin: Origin) -> None:
        self._store = store
        self._screen = screen
        self._origin = origin

    async def create(self, call: Call, body: ProviderRequest) -> Answer | StrEnum:
        """Make a provider; its name is screened first."""
        answer = self._screen.screen(body.name)

        def work(transaction: Transaction) -> Answer | StrEnum:
            now_ms = transaction.now_ms
            provider = Provider(
                id=new_id("pro", now_ms),
                created_at_ms=now_ms,
                updated_at_ms=now_ms,
                name=body.name,
                status="active",
                payout_schedule=body.payout_schedule,
                minimum_payout_cents=body.minimum_payout_cents,
                people=body.people,
            )
            provider = screened(transaction, self._origin, provider, answer)
            record_change(transaction, self._origin, provider, status=provider.status)
            return ok(provider_view(provider), 201)

        return await perform_once(self._store, "provider.create", call, work)

    async def get(self, call: Call, _body: None) -> Answer | StrEnum:
        """One provider."""
        missing = ProviderRefusal.PROVIDER_NOT_FOUND
        return await answer_one(self._store, Provider, call.path["provider_id"], provider_view, missing)

    async def list(self, call: Call, _body: None) -> Answer | StrEnum:
        """A page of providers."""
        return await answer_page(self._store, call, Provider, provider_view)

    async def update(self, call: Call, body: ProviderUpdate) -> Answer | StrEnum:
        """Change what the body names; another name is screened like a new one."""
        answer = None if body.name is None else self._screen.screen(body.name)

        def act(transaction: Transaction, provider: Provider) -> Provider | ProviderRefusal:
            changes = {
                field: getattr(body, field)
                for field in ("name", "payout_schedule", "minimum_payout_cents", "people")
                if getattr(body, field) is not None
            }
            if body.default_bank_account_id not in {None, provider.default_bank_account_id}:
                refusal = _account_refusal(transaction, provider, str(body.default_bank_account_id))
                if refusal is not None:
                    return refusal
                changes["default_bank_account_id"] = body.default_bank_account_id
                changes["bank_account_changed_at_ms"] = transaction.now_ms
            after = next_of(provider, transaction.now_ms, **changes)
            renamed = answer is not None and body.name != provider.name
            return screened(transaction, self._origin, after, answer) if renamed and answer is not None else after

        return await self._act(call, "provider.update", act)

    async def suspend(self, call: Call, body: ReasonRequest) -> Answer | StrEnum:
        """Stop paying the provider."""

        def act(transaction: Transaction, provider: Provider) -> Provider | ProviderRefusal:
            if provider.status == "suspended":
                return ProviderRefusal.PROVIDER_ALREADY_SUSPENDED
            return next_of(provider, transaction.now_ms, status="suspended", suspended_for=body.reason)

        return await self._act(call, "provider.suspend", act)

    async def reinstate(self, call: Call, _body: NoBody) -> Answer | StrEnum:
        """Pay the provider again; not while a case about it is open."""

        def act(transaction: Transaction, provider: Provider) -> Provider | ProviderRefusal:
            if provider.status != "suspended":
                return ProviderRefusal.PROVIDER_NOT_SUSPENDED
            if provider.case_ids:
                return ProviderRefusal.PROVIDER_HAS_OPEN_CASES
            return next_of(provider, transaction.now_ms, status="active", suspended_for="")

        return await self._act(call, "provider.reinstate", act)

    async def close(self, call: Call, _body: NoBody) -> Answer | StrEnum:
        """End the relation; only when nothing is owed to the provider."""

        def act(transaction: Transaction, provider: Provider) -> Provider | ProviderRefusal:
            owed = (PROVIDER_AVAILABLE.of(provider.id), CUSTOMER_ESCROW.of(provider.id))
            if any(transaction.balances(account).balance_cents("credit") != 0 for account in owed):
                return ProviderRefusal.PROVIDER_HAS_BALANCE
            return next_of(provider, transaction.now_ms, status="closed")

        return await self._act(call, "provider.close", act)

    async def _act(self, call: Call, operation: str, act: Act) -> Answer | StrEnum:
        def work(transaction: Transaction) -> Answer | StrEnum:
            provider = transaction.get(Provider, call.path["provider_id"])
            if provider is None:
                return ProviderRefusal.PROVIDER_NOT_FOUND
            if provider.status == "closed":
                return ProviderRefusal.PROVIDER_CLOSED
            after = act(transaction, provider)
            if isinstance(after, ProviderRefusal):
                return after
            record_change(transaction, self._origin, after, status=after.status, previous_status=provider.status)
            return ok(provider_view(after))

        return await perform_once(self._store, operation, call, work)


def _account_refusal(transaction: Transaction, provider: Provider, account_id: str) -> ProviderRefusal | None:
    account = transaction.get(BankAccount, account_id)
    if account is None or (account.holder_kind, account.holder_id) != ("provider", provider.id):
        return ProviderRefusal.BANK_ACCOUNT_OF_ANOTHER_HOLDER
    return None if account.status == "verified" else ProviderRefusal.BANK_ACCOUNT_NOT_VERIFIED

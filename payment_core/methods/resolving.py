"""Finds what a payment may be taken from: a vaulted card, or a verified bank account."""

from datetime import UTC, datetime

from payment_core.clock import Clock
from payment_core.methods.model import PaymentMethod
from payment_core.payments.ports import Method
from payment_core.providers.model import BankAccount, TokenLink
from payment_core.store.port import LedgerStore

CARD_PREFIX, BANK_PREFIX = "tok_", "bank_"


class VaultedMethods:
    """The payments' ``Methods``. A card costs one read, an account two."""

    def __init__(self, store: LedgerStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def resolve(self, token: str) -> Method | None:
        """The method, or None when there is none under this token; why_not says why one cannot be used."""
        if token.startswith(CARD_PREFIX):
            method = await self._store.read(PaymentMethod, token)
            return None if method is None else self._card(method)
        if token.startswith(BANK_PREFIX):
            link = await self._store.read(TokenLink, token)
            account = None if link is None else await self._store.read(BankAccount, link.bank_account_id)
            return None if account is None or account.token != token else _account(account)
        return None

    def _card(self, method: PaymentMethod) -> Method:
        today = datetime.fromtimestamp(self._clock.now_ms() // 1000, UTC)
        why_not = ""
        if method.deleted_at_ms > 0:
            why_not = "payment_method_deleted"
        elif (method.expiry_year, method.expiry_month) < (today.year, today.month):
            why_not = "expired_card"
        return Method(
            token=method.id,
            rail="card",
            brand=method.brand,
            bin=method.bin,
            last4=method.last4,
            country=method.country,
            fingerprint=method.fingerprint,
            holder_customer_id=method.customer_id,
            why_not=why_not,
        )


def _account(account: BankAccount) -> Method:
    """A debit needs a verified account of a customer (Nacha's WEB debit account validation rule)."""
    why_not = ""
    if account.holder_kind != "customer":
        why_not = "bank_account_not_of_customer"
    elif account.status != "verified":
        why_not = f"bank_account_{account.status}"
    return Method(
        token=account.token,
        rail="ach",
        last4=account.last4,
        country="US",
        fingerprint=account.fingerprint,
        holder_customer_id=account.holder_id,
        why_not=why_not,
    )

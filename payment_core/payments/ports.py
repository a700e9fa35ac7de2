"""What payments ask of other parts of the product, and what answers when nobody else does."""

from types import MappingProxyType
from typing import Protocol

import msgspec

from checks.facts import Fact, PaymentRequested, Rail
from payment_core.acquirer.tokens import TOKEN_BY_NAME
from payment_core.costs.model import Cost
from payment_core.fraud.scorer import FraudDecision
from payment_core.payments.model import Payment, Refund
from payment_core.store.port import Transaction


class Method(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How a payer pays. bin: first six digits; last4: last four. country: of the issuer, ISO 3166-1 alpha-2.

    holder_customer_id: whose it is; empty when anybody may use it. why_not: a code when it is not usable.
    """

    token: str
    rail: Rail
    brand: str = ""
    bin: str = ""
    last4: str = ""
    country: str = ""
    fingerprint: str = ""
    holder_customer_id: str = ""
    why_not: str = ""


SANDBOX_METHODS = MappingProxyType(
    {
        token.token: Method(token=token.token, rail=token.rail, brand=token.brand, fingerprint=token.fingerprint)
        for token in TOKEN_BY_NAME.values()
    }
)
"""Answered by the simulated rail. They need no look-up; everything else is asked of ``Methods``."""


def by_acquirer(rail: Rail, token: str) -> bool:
    """Whether the acquirer carries a payment with this method, rather than the next ACH file."""
    return rail == "card" or token in SANDBOX_METHODS


class Methods(Protocol):
    """Finds vaulted methods."""

    async def resolve(self, token: str) -> Method | None:
        """The method, or None when there is none under this token."""
        ...


class NoMethods:
    """Without a vault there are sandbox tokens alone."""

    async def resolve(self, token: str) -> Method | None:  # noqa: ARG002 - the port's name
        """None."""
        return None


class FraudScorer(Protocol):
    """Scores payments before they are authorized, in memory; both never raise and never wait."""

    def score(self, fact: PaymentRequested, now_ms: int) -> FraudDecision:
        """Decide about a payment; what cannot be scored is reviewed."""
        ...

    def observe(self, fact: Fact, now_ms: int) -> None:
        """Learn how an attempt ended."""
        ...


class CostMeter(Protocol):
    """Says what taking money costs."""

    def capture_cost(self, rail: Rail, amount_cents: int, now_ms: int) -> Cost:
        """What it costs by component, and what the replaced processor would have charged."""
        ...


class EmailHasher(Protocol):
    """Turns an address into what can be compared and not turned back."""

    def hash_email(self, address: str) -> str:
        """A keyed hash of the address in one spelling."""
        ...


class Debits(Protocol):
    """Originates and withdraws the ACH entries of payments and refunds, within their transactions."""

    def originate(self, transaction: Transaction, payment: Payment) -> str:
        """Queue the debit; returns the entry's id, empty when the account may not be debited (any more)."""
        ...

    def give_back(self, transaction: Transaction, payment: Payment, refund: Refund) -> str:
        """Queue an ACH credit to the account that was debited; returns the entry's id."""
        ...

    def withdraw(self, transaction: Transaction, entry_id: str) -> bool:
        """Cancel the entry; False when it is already on its way."""
        ...

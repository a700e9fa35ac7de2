"""Opens a marketplace as its people would: providers with verified accounts, customers with cards and accounts."""

import random

from payment_core.methods.requests import CardRequest
from payment_core.money import Charge
from payment_core.payments.requests import CreatePayment
from payment_core.providers.model import BankAccount, Provider
from payment_core.providers.requests import BankAccountRequest, ProviderRequest, ProviderUpdate, VerificationRequest
from tests.simulation.core.acts import CARDS, CUSTOMERS, Request
from tests.simulation.core.picking import Picks

PROVIDERS = 3
VERIFYING_DAYS = 7
"""A file, its settlement, and three banking days in which a prenote may come back."""
REST_DAYS = 4
"""A changed bank account rests for 72 hours before it is paid."""


def beginnings(picks: Picks) -> list[Request]:
    """Providers, the accounts of customers, and a card."""
    requests = [
        Request(
            "POST /v1/providers",
            ProviderRequest(
                name=f"Provider {number}",
                payout_schedule="daily" if number == 1 else "manual",
                minimum_payout_cents=100,
                people=("key:carol",),
            ),
        )
        for number in range(PROVIDERS)
    ]
    requests += [_account(picks, "customer", customer) for customer in CUSTOMERS]
    card = CardRequest(customer_id=CUSTOMERS[0], pan=CARDS[0], exp_month=12, exp_year=2030)
    return [*requests, Request("POST /v1/payment_methods", card)]


def accounts_of(picks: Picks, providers: list[Provider]) -> list[Request]:
    """An account for each provider."""
    return [_account(picks, "provider", provider.id) for provider in providers]


def verifications(accounts: list[BankAccount]) -> list[Request]:
    """A prenote to each account."""
    return [
        Request(
            "POST /v1/bank_accounts/{bank_account_id}/verification",
            VerificationRequest("prenote"),
            {"bank_account_id": account.id},
        )
        for account in accounts
    ]


def defaults(accounts: list[BankAccount]) -> list[Request]:
    """Each verified account becomes the one that its provider is paid to."""
    return [
        Request(
            "POST /v1/providers/{provider_id}",
            ProviderUpdate(default_bank_account_id=account.id),
            {"provider_id": account.holder_id},
        )
        for account in accounts
        if account.holder_kind == "provider" and account.status == "verified"
    ]


def first_payments(providers: list[Provider], chance: random.Random) -> list[Request]:
    """Money to work with."""
    return [
        Request(
            "POST /v1/payments",
            CreatePayment(
                amount=Charge(chance.choice((10_000, 33_333, 700_000)), "USD"),
                payment_method="tok_visa",
                customer_id=CUSTOMERS[0],
                provider_id=provider.id,
                description=f"first {number} {provider.id}",
                release="escrow" if number == 1 else "automatic",
            ),
        )
        for provider in providers
        for number in range(2)
    ]


def _account(picks: Picks, kind: str, holder: str) -> Request:
    return Request(
        "POST /v1/bank_accounts",
        BankAccountRequest(
            holder_kind="provider" if kind == "provider" else "customer",
            holder_id=holder,
            holder_name="Pat Doe",
            routing_number="121042882",
            account_number=picks.new_account_number(),
            account_type="checking",
            account_class="personal",
        ),
    )

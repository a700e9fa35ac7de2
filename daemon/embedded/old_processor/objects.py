"""Objects as the old processor's API shows them, from what its export says of them; never with a number."""

from typing import Any

from payment_core.migration.export.shapes.account import Account, BankAccount
from payment_core.migration.export.shapes.customer import Customer
from payment_core.migration.export.shapes.payment_method import PaymentMethod
from payment_core.vault.numbers.brands import brand_of

Object = dict[str, Any]


def customer_object(of: Customer) -> Object:
    """``/v1/customers/{id}``."""
    if of.deleted:
        return {"id": of.id, "object": "customer", "deleted": True}
    return {
        "id": of.id,
        "object": "customer",
        "created": of.created,
        "email": of.email,
        "name": of.name,
        "phone": of.phone,
        "description": of.description,
        "currency": of.currency,
        "balance": of.balance,
        "delinquent": of.delinquent,
        "default_source": of.default_source,
        "invoice_settings": {"default_payment_method": of.default_payment_method},
        "address": address_object(of),
        "metadata": of.metadata,
        "livemode": False,
    }


def address_object(of: Customer | PaymentMethod) -> Object:
    """An address, with what is not known as null."""
    names = ("line1", "line2", "city", "state", "postal_code", "country")
    return {name: getattr(of.address, name) or None for name in names}


def card_object(of: PaymentMethod) -> Object:
    """``/v1/payment_methods/{id}``; brand and last four follow from the number."""
    digits = "" if of.number is None else of.number.reveal()
    return {
        "id": of.id,
        "object": "payment_method",
        "type": "card",
        "customer": of.customer or None,
        "created": of.created,
        "card": {
            "brand": brand_of(digits).name,
            "exp_month": of.exp_month,
            "exp_year": of.exp_year,
            "last4": digits[-4:],
            "country": of.country,
            "funding": of.funding,
            "fingerprint": of.fingerprint,
        },
        "billing_details": {"address": address_object(of), "email": of.email, "name": of.name},
        "metadata": of.metadata,
        "livemode": False,
    }


def account_object(of: Account) -> Object:
    """``/v1/accounts/{id}``, as far as anybody here asks for it."""
    return {
        "id": of.id,
        "object": "account",
        "type": of.type or "custom",
        "country": of.country,
        "default_currency": of.default_currency,
        "created": of.created,
        "email": of.email,
        "business_type": of.business_type,
        "business_profile": {"name": of.name, "mcc": of.category_code or None},
        "charges_enabled": of.charges_enabled,
        "payouts_enabled": of.payouts_enabled,
        "details_submitted": of.details_submitted,
        "metadata": of.metadata,
    }


def bank_account_object(of: BankAccount) -> Object:
    """An ``external_accounts`` entry."""
    digits = "" if of.account_number is None else of.account_number.reveal()
    return {
        "id": of.id,
        "object": "bank_account",
        "account": of.account,
        "account_holder_name": of.account_holder_name,
        "account_holder_type": of.account_holder_type,
        "account_type": of.account_type,
        "bank_name": of.bank_name,
        "country": of.country,
        "currency": of.currency,
        "fingerprint": of.fingerprint,
        "last4": of.last4 or digits[-4:],
        "routing_number": of.routing_number,
        "default_for_currency": of.default_for_currency,
        "status": of.status,
        "metadata": of.metadata,
    }

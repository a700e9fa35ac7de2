"""Our objects as the old processor writes them, and both sides as they can be compared, without any number."""

from collections.abc import Mapping

from payment_core.customers.model import Customer
from payment_core.methods.model import PaymentMethod
from payment_core.migration.running.model import ObjectKind
from payment_core.providers.model import BankAccount, Provider

KEY_PREFIX = "till-"
"""Of the keys of all that we send, by which an event that we caused is known."""

TAG = "tillwatch_id"
"""In the metadata of what we make there: our own id, by which an event of it is known to be ours."""

LAST_DIGITS = 4
_PROFILE = ("name", "email", "phone", "description")
_FIXED = frozenset({"country", "currency", "routing_number", "type"})
"""What the old processor never lets be changed of a bank account or an account."""


def card_fields(method: PaymentMethod) -> dict[str, str]:
    """What is sent of a card, but its number, which the call takes from the vault.

    Names are those of the old processor's forms: nested ones with brackets.
    """
    return {
        "card[exp_month]": str(method.expiry_month),
        "card[exp_year]": str(method.expiry_year),
        "billing_details[address][country]": method.country,
        f"metadata[{TAG}]": method.id,
    }


def account_number_fields(account: BankAccount) -> dict[str, str]:
    """What is sent of a bank account, but its number, which the call takes from the vault."""
    return {
        "country": "US",
        "currency": "usd",
        "routing_number": account.routing_number,
        "account_holder_name": account.holder_name,
        "account_holder_type": "individual" if account.account_class == "personal" else "company",
        "account_type": account.account_type,
        f"metadata[{TAG}]": account.id,
    }


def provider_fields(provider: Provider) -> dict[str, str]:
    """What is sent of a provider, who is a connected account there."""
    return {
        "type": "custom",
        "country": "US",
        "business_profile[name]": provider.name,
        f"metadata[{TAG}]": provider.id,
    }


def customer_fields(customer_id: str, customer: Customer | None) -> dict[str, str]:
    """What is sent of a customer, of whom nothing but the id need be known."""
    known = {} if customer is None else {name: getattr(customer, name) for name in _PROFILE}
    return {**known, f"metadata[{TAG}]": customer_id}


def comparable(record: Customer | PaymentMethod | BankAccount) -> dict[str, str]:
    """What can be compared of ours. owner: our id of who has it, into which that of the other side is translated."""
    if isinstance(record, Customer):
        return {name: getattr(record, name) for name in _PROFILE}
    if isinstance(record, PaymentMethod):
        return {
            "owner": record.customer_id,
            "brand": record.brand,
            "last4": record.last4,
            "exp_month": str(record.expiry_month),
            "exp_year": str(record.expiry_year),
            "country": record.country,
        }
    # A short account number shows less of itself here than there.
    last4 = {"last4": record.last4} if len(record.last4) == LAST_DIGITS else {}
    return {
        "owner": record.holder_id,
        "routing_number": record.routing_number,
        "holder_name": record.holder_name,
        **last4,
    }


def is_gone(record: Customer | PaymentMethod | BankAccount) -> bool:
    """Whether it can never be used again, so that it has to be gone there, too."""
    if isinstance(record, Customer | PaymentMethod):
        return record.deleted_at_ms > 0
    return record.status == "disabled"


def changeable(kind: ObjectKind, fields: Mapping[str, str]) -> dict[str, str]:
    """What an update may send of these fields."""
    fixed = _FIXED if kind in {"bank_account", "account"} else frozenset[str]()
    return {name: text for name, text in fields.items() if name not in fixed}


def key_of(kind: ObjectKind, object_id: str, version: int, verb: str, refusals: int = 0) -> str:
    """The one key of a call: what is sent again under it has one effect. refusals: of this version, each certain."""
    again = f"-{refusals}" if refusals > 0 else ""
    return f"{KEY_PREFIX}{kind}-{object_id}-{version}-{verb}{again}"

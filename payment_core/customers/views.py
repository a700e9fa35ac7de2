"""Customers as the API shows them."""

from typing import Literal

import msgspec

from payment_core.customers.model import Customer


class CustomerView(msgspec.Struct, frozen=True, kw_only=True):
    """A customer's profile. since_ms: when the customer was first known anywhere, Unix milliseconds."""

    id: str
    status: Literal["active", "deleted"]
    name: str
    email: str
    phone: str
    description: str
    since_ms: int
    version: int
    created_at_ms: int
    updated_at_ms: int


def customer_view(customer: Customer) -> CustomerView:
    """The customer as the API shows it."""
    return CustomerView(
        id=customer.id,
        status="active" if customer.deleted_at_ms == 0 else "deleted",
        name=customer.name,
        email=customer.email,
        phone=customer.phone,
        description=customer.description,
        since_ms=customer.since_ms,
        version=customer.version,
        created_at_ms=customer.created_at_ms,
        updated_at_ms=customer.updated_at_ms,
    )

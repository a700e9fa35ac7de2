"""A customer of the processor."""

import msgspec

from payment_core.migration.export.shapes.parts import NO_ADDRESS, Address, Amount, Id, Metadata, Seconds, Text


class Customer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="object", tag="customer"):
    """``/v1/customers``. balance: what the next invoice is raised by, in minor units; below 0 is the customer's credit.

    deleted: the processor keeps the id and forgets the rest. default_source: a card's, bank account's or source's id.
    """

    id: Id
    created: Seconds = 0
    email: Text | None = None
    name: Text | None = None
    phone: Text | None = None
    description: Text | None = None
    currency: Text | None = None
    balance: Amount = 0
    delinquent: bool = False
    default_source: Text | None = None
    default_payment_method: Text | None = None
    address: Address = NO_ADDRESS
    metadata: Metadata = {}
    livemode: bool = True
    deleted: bool = False

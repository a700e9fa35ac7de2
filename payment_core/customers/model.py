"""What is kept of a customer."""

import msgspec

from payment_core.store.records import Document, Record


class PostalAddress(msgspec.Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """A postal address; parts that are not known are empty. country: ISO 3166-1, two letters."""

    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = ""


class Customer(Document, frozen=True, kw_only=True, tag="customer"):
    """A customer's profile, under the id that payments and payment methods name; the old processor's, if it had one.

    balance: what the customer owes beside payments, in minor units of ``currency``; below 0 is credit. metadata: pairs
    in the order of their names. default_payment_method: the old processor's id of it. since_ms: when the customer was
    first known anywhere. deleted_at_ms: when the profile was blanked, 0 while it is in use.
    """

    name: str = ""
    email: str = ""
    phone: str = ""
    description: str = ""
    currency: str = ""
    balance: int = 0
    delinquent: bool = False
    default_payment_method: str = ""
    address: PostalAddress = PostalAddress()
    metadata: tuple[tuple[str, str], ...] = ()
    since_ms: int = 0
    deleted_at_ms: int = 0


RECORDS: tuple[type[Record], ...] = (Customer,)

"""A customer's saved card, as the card transfer file has it with its number, or as the API shows it without."""

import msgspec

from payment_core.migration.export.shapes.parts import NO_ADDRESS, Address, Id, Metadata, Seconds, Text
from payment_core.vault.numbers.sensitive import Sensitive


class PaymentMethod(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="object", tag="payment_method"
):
    """A card (``card_...``) or payment method (``pm_...``). customer: its owner's id; None once it was detached.

    number: the card number as it was sent, not checked (a transfer file has typing errors, too); None where the source
    has none, as the API and its events. exp_year: four digits. name: as on the card. last4: the last four digits.
    fingerprint: the processor's own, equal for equal numbers within one account. network_transaction_id: the scheme's
    id of the payment that stored the card, asked for when it is charged without its owner. is_default: of its customer.
    """

    id: Id
    customer: Text | None = None
    type: Text = "card"
    number: Sensitive | None = None
    exp_month: int = 0
    exp_year: int = 0
    name: Text | None = None
    brand: Text | None = None
    funding: Text | None = None
    country: Text | None = None
    last4: Text | None = None
    fingerprint: Text | None = None
    network_transaction_id: Text | None = None
    address: Address = NO_ADDRESS
    email: Text | None = None
    is_default: bool = False
    created: Seconds = 0
    metadata: Metadata = {}

    def __repr__(self) -> str:
        # The holder's name and address are cardholder data (PCI DSS 3.2), and tests and tracebacks print this.
        return f"PaymentMethod(id={self.id!r}, customer={self.customer!r}, last4={self.last4!r})"

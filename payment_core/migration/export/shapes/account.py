"""A connected account, and the bank account it is paid to."""

import msgspec

from payment_core.migration.export.shapes.parts import NO_ADDRESS, Address, Currency, Id, Metadata, Seconds, Text
from payment_core.vault.numbers.sensitive import Sensitive


class Requirements(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is still asked of an account's owner. disabled_reason: why charges or payouts are off; None when on."""

    currently_due: tuple[Text, ...] = ()
    eventually_due: tuple[Text, ...] = ()
    past_due: tuple[Text, ...] = ()
    pending_verification: tuple[Text, ...] = ()
    current_deadline: Seconds = 0
    disabled_reason: Text | None = None


NOTHING_ASKED = Requirements()


class Account(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="object", tag="account"):
    """``/v1/accounts``, a provider. type: ``standard``, ``express``, ``custom`` or ``none``. name: of the business.

    charges_enabled, payouts_enabled, details_submitted, requirements and capabilities are its verification.
    terms_accepted_at: Unix seconds, 0 when never. deleted: it was closed at the processor.
    """

    id: Id
    type: Text | None = None
    country: Text | None = None
    default_currency: Text | None = None
    created: Seconds = 0
    email: Text | None = None
    business_type: Text | None = None
    name: Text | None = None
    category_code: Text | None = None
    address: Address = NO_ADDRESS
    charges_enabled: bool = False
    payouts_enabled: bool = False
    details_submitted: bool = False
    verification: Text | None = None
    requirements: Requirements = NOTHING_ASKED
    capabilities: dict[str, Text] = {}
    terms_accepted_at: Seconds = 0
    metadata: Metadata = {}
    deleted: bool = False


class BankAccount(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="object", tag="bank_account"
):
    """A ``bank_account`` of an account's ``external_accounts``. account: its owner's id.

    account_number: as it was sent, not checked; None where the source has none, as the API and its events.
    routing_number: nine digits of the ABA number. status: ``new``, ``validated``, ``verified``,
    ``verification_failed`` or ``errored``. account_type: ``checking``, ``savings`` or None.
    """

    id: Id
    account: Text
    routing_number: Text | None = None
    account_number: Sensitive | None = None
    last4: Text | None = None
    account_holder_name: Text | None = None
    account_holder_type: Text | None = None
    account_type: Text | None = None
    bank_name: Text | None = None
    country: Text | None = None
    currency: Currency = "usd"
    status: Text = "new"
    fingerprint: Text | None = None
    default_for_currency: bool = False
    metadata: Metadata = {}

    def __repr__(self) -> str:
        return f"BankAccount(id={self.id!r}, account={self.account!r}, last4={self.last4!r})"

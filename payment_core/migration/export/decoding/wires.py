"""How objects are written where that differs from how they are kept: nested, or spread over several places."""

import msgspec

from payment_core.migration.export.shapes.account import NOTHING_ASKED, Account, Requirements
from payment_core.migration.export.shapes.customer import Customer
from payment_core.migration.export.shapes.dispute import Dispute
from payment_core.migration.export.shapes.opening_balance import AsOf
from payment_core.migration.export.shapes.parts import (
    NO_ADDRESS,
    Address,
    Amount,
    Currency,
    Id,
    Metadata,
    Seconds,
    Text,
)
from payment_core.migration.export.shapes.payment_method import PaymentMethod
from payment_core.vault.numbers.sensitive import Sensitive


class _InvoiceSettings(msgspec.Struct, frozen=True, gc=False):
    default_payment_method: Text | None = None


class CustomerWire(msgspec.Struct, frozen=True, kw_only=True, tag_field="object", tag="customer"):
    """As ``/v1/customers`` writes one."""

    id: Id
    created: Seconds = 0
    email: Text | None = None
    name: Text | None = None
    phone: Text | None = None
    description: Text | None = None
    currency: Text | None = None
    balance: Amount = 0
    delinquent: bool | None = None
    default_source: Text | None = None
    invoice_settings: _InvoiceSettings | None = None
    address: Address | None = None
    metadata: Metadata = {}
    livemode: bool = True
    deleted: bool = False

    def body(self) -> Customer:
        """As it is kept."""
        invoice = self.invoice_settings
        return Customer(
            id=self.id,
            created=self.created,
            email=self.email,
            name=self.name,
            phone=self.phone,
            description=self.description,
            currency=self.currency,
            balance=self.balance,
            delinquent=self.delinquent is True,
            default_source=self.default_source,
            default_payment_method=None if invoice is None else invoice.default_payment_method,
            address=NO_ADDRESS if self.address is None else self.address,
            metadata=self.metadata,
            livemode=self.livemode,
            deleted=self.deleted,
        )


class TransferCardWire(msgspec.Struct, frozen=True, kw_only=True, tag_field="object", tag="card"):
    """A card of the transfer file, ``{"customers": [{"id": ..., "cards": [...]}]}``; by itself in CSV and JSON Lines.

    customer, email, default_source: what the customer around it says, where it stands by itself. number: missing where
    the API or an event writes the card, not a transfer file.
    """

    id: Id
    number: Sensitive | None = None
    exp_month: int
    exp_year: int
    name: Text | None = None
    address_line1: Text | None = None
    address_line2: Text | None = None
    address_city: Text | None = None
    address_state: Text | None = None
    address_zip: Text | None = None
    address_country: Text | None = None
    brand: Text | None = None
    funding: Text | None = None
    country: Text | None = None
    last4: Text | None = None
    fingerprint: Text | None = None
    transaction_ids: Text | None = None
    customer: Text | None = None
    email: Text | None = None
    default_source: Text | None = None
    created: Seconds = 0
    metadata: Metadata = {}

    def body(self) -> PaymentMethod:
        """As it is kept."""
        return PaymentMethod(
            id=self.id,
            customer=self.customer,
            number=self.number,
            exp_month=self.exp_month,
            exp_year=self.exp_year,
            name=self.name,
            brand=self.brand,
            funding=self.funding,
            country=self.country,
            last4=self.last4,
            fingerprint=self.fingerprint,
            network_transaction_id=self.transaction_ids,
            address=Address(
                line1=self.address_line1,
                line2=self.address_line2,
                city=self.address_city,
                state=self.address_state,
                postal_code=self.address_zip,
                country=self.address_country,
            ),
            email=self.email,
            is_default=self.default_source == self.id,
            created=self.created,
            metadata=self.metadata,
        )


class TransferCustomerWire(msgspec.Struct, frozen=True, kw_only=True):
    """A customer of the transfer file; each card by itself, so that a bad one spoils no other."""

    id: Id
    cards: tuple[msgspec.Raw, ...]
    email: Text | None = None
    name: Text | None = None
    description: Text | None = None
    default_source: Text | None = None
    default_card: Text | None = None


class _CardWire(msgspec.Struct, frozen=True, gc=False):
    brand: Text | None = None
    country: Text | None = None
    exp_month: int = 0
    exp_year: int = 0
    fingerprint: Text | None = None
    funding: Text | None = None
    last4: Text | None = None


class _BillingWire(msgspec.Struct, frozen=True):
    address: Address | None = None
    email: Text | None = None
    name: Text | None = None


class PaymentMethodWire(msgspec.Struct, frozen=True, kw_only=True, tag_field="object", tag="payment_method"):
    """As ``/v1/payment_methods`` and its events write one: without the number."""

    id: Id
    type: Text
    customer: Text | None = None
    card: _CardWire | None = None
    us_bank_account: _CardWire | None = None
    billing_details: _BillingWire | None = None
    created: Seconds = 0
    metadata: Metadata = {}

    def body(self) -> PaymentMethod:
        """As it is kept."""
        shown = self.card if self.card is not None else self.us_bank_account
        billing = _BillingWire() if self.billing_details is None else self.billing_details
        of = _CardWire() if shown is None else shown
        return PaymentMethod(
            id=self.id,
            customer=self.customer,
            type=self.type,
            exp_month=of.exp_month,
            exp_year=of.exp_year,
            name=billing.name,
            brand=of.brand,
            funding=of.funding,
            country=of.country,
            last4=of.last4,
            fingerprint=of.fingerprint,
            address=NO_ADDRESS if billing.address is None else billing.address,
            email=billing.email,
            created=self.created,
            metadata=self.metadata,
        )


class _EvidenceDetails(msgspec.Struct, frozen=True, gc=False):
    due_by: Seconds | None = None
    has_evidence: bool = False


class DisputeWire(msgspec.Struct, frozen=True, kw_only=True, tag_field="object", tag="dispute"):
    """As ``/v1/disputes`` writes one; balance transactions stand in it whole."""

    id: Id
    amount: Amount
    currency: Currency
    created: Seconds
    charge: Text
    status: Text
    account: Text | None = None
    balance_transactions: tuple[Id, ...] = ()
    evidence_details: _EvidenceDetails | None = None
    is_charge_refundable: bool = False
    livemode: bool = True
    metadata: Metadata = {}
    network_reason_code: Text | None = None
    payment_intent: Text | None = None
    reason: Text | None = None

    def body(self) -> Dispute:
        """As it is kept."""
        evidence = _EvidenceDetails() if self.evidence_details is None else self.evidence_details
        return Dispute(
            id=self.id,
            amount=self.amount,
            currency=self.currency,
            created=self.created,
            charge=self.charge,
            status=self.status,
            account=self.account,
            balance_transactions=self.balance_transactions,
            evidence_due_by=0 if evidence.due_by is None else evidence.due_by,
            has_evidence=evidence.has_evidence,
            is_charge_refundable=self.is_charge_refundable,
            livemode=self.livemode,
            metadata=self.metadata,
            network_reason_code=self.network_reason_code,
            payment_intent=self.payment_intent,
            reason=self.reason,
        )


class _BusinessProfile(msgspec.Struct, frozen=True, gc=False):
    name: Text | None = None
    mcc: Text | None = None


class _Company(msgspec.Struct, frozen=True):
    name: Text | None = None
    address: Address | None = None


class _Verification(msgspec.Struct, frozen=True, gc=False):
    status: Text | None = None


class _Individual(msgspec.Struct, frozen=True):
    first_name: Text | None = None
    last_name: Text | None = None
    address: Address | None = None
    verification: _Verification | None = None


class _Terms(msgspec.Struct, frozen=True, gc=False):
    date: Seconds | None = None


class AccountWire(msgspec.Struct, frozen=True, kw_only=True, tag_field="object", tag="account"):
    """As ``/v1/accounts`` writes one."""

    id: Id
    type: Text | None = None
    country: Text | None = None
    default_currency: Text | None = None
    created: Seconds = 0
    email: Text | None = None
    business_type: Text | None = None
    business_profile: _BusinessProfile | None = None
    company: _Company | None = None
    individual: _Individual | None = None
    charges_enabled: bool = False
    payouts_enabled: bool = False
    details_submitted: bool = False
    requirements: Requirements | None = None
    capabilities: dict[str, Text] = {}
    tos_acceptance: _Terms | None = None
    metadata: Metadata = {}
    deleted: bool = False

    def body(self) -> Account:
        """As it is kept."""
        profile = _BusinessProfile() if self.business_profile is None else self.business_profile
        company = _Company() if self.company is None else self.company
        person = _Individual() if self.individual is None else self.individual
        address = company.address if company.address is not None else person.address
        terms = None if self.tos_acceptance is None else self.tos_acceptance.date
        return Account(
            id=self.id,
            type=self.type,
            country=self.country,
            default_currency=self.default_currency,
            created=self.created,
            email=self.email,
            business_type=self.business_type,
            name=_first(profile.name, company.name, _full_name(person)),
            category_code=profile.mcc,
            address=NO_ADDRESS if address is None else address,
            charges_enabled=self.charges_enabled,
            payouts_enabled=self.payouts_enabled,
            details_submitted=self.details_submitted,
            verification=None if person.verification is None else person.verification.status,
            requirements=NOTHING_ASKED if self.requirements is None else self.requirements,
            capabilities=self.capabilities,
            terms_accepted_at=0 if terms is None else terms,
            metadata=self.metadata,
            deleted=self.deleted,
        )


class BalanceAmountWire(msgspec.Struct, frozen=True, gc=False):
    """One currency of a balance."""

    amount: Amount
    currency: Currency


class BalanceWire(msgspec.Struct, frozen=True, kw_only=True, tag_field="object", tag="balance"):
    """As ``/v1/balance`` writes one, with the account that it is of and the time that it is as of."""

    available: tuple[BalanceAmountWire, ...]
    pending: tuple[BalanceAmountWire, ...]
    as_of: AsOf
    account: Text | None = None
    livemode: bool = True


class _BankAccounts(msgspec.Struct, frozen=True):
    data: tuple[msgspec.Raw, ...] = ()
    has_more: bool = False


class OwnerWire(msgspec.Struct, frozen=True, kw_only=True, tag_field="object", tag="account"):
    """An account for its ``external_accounts``; each by itself, so that a bad one spoils no other."""

    id: Id
    external_accounts: _BankAccounts | None = None


def _full_name(person: _Individual) -> str | None:
    parts = [part for part in (person.first_name, person.last_name) if part is not None]
    return " ".join(parts) if parts else None


def _first(*names: str | None) -> str | None:
    return next((name for name in names if name is not None), None)

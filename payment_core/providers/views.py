"""Providers, bank accounts and cases as the API shows them."""

import msgspec

from payment_core.money import Money
from payment_core.providers.model import BankAccount, ComplianceCase, Provider


class ProviderView(msgspec.Struct, frozen=True, kw_only=True):
    """A provider. payouts_blocked: nothing is paid to it now, and suspended_for says why."""

    id: str
    name: str
    status: str
    payouts_blocked: bool
    suspended_for: str
    open_case_ids: tuple[str, ...]
    default_bank_account_id: str
    payout_schedule: str
    minimum_payout: Money
    people: tuple[str, ...]
    version: int
    created_at_ms: int
    updated_at_ms: int


class BankAccountView(msgspec.Struct, frozen=True, kw_only=True):
    """A bank account, without its number. token: what a payment by ACH debit sends as payment_method.

    attempts_left: guesses of the micro-entries' amounts; 0 unless they are under way. deadline_at_ms: when they expire,
    or a prenote counts as accepted.
    """

    id: str
    holder_kind: str
    holder_id: str
    holder_name: str
    token: str
    fingerprint: str
    routing_number: str
    last4: str
    account_type: str
    account_class: str
    status: str
    disabled_code: str
    attempts_left: int
    deadline_at_ms: int
    verified_at_ms: int
    changed_at_ms: int
    version: int
    created_at_ms: int
    updated_at_ms: int


class CaseView(msgspec.Struct, frozen=True, kw_only=True):
    """A compliance case."""

    id: str
    kind: str
    subject_id: str
    status: str
    detail: str
    amount: Money
    decided_by: str
    note: str
    created_at_ms: int
    updated_at_ms: int


def provider_view(provider: Provider) -> ProviderView:
    """The provider as the API shows it."""
    return ProviderView(
        id=provider.id,
        name=provider.name,
        status=provider.status,
        payouts_blocked=provider.status != "active",
        suspended_for=provider.suspended_for,
        open_case_ids=provider.case_ids,
        default_bank_account_id=provider.default_bank_account_id,
        payout_schedule=provider.payout_schedule,
        minimum_payout=Money(provider.minimum_payout_cents),
        people=provider.people,
        version=provider.version,
        created_at_ms=provider.created_at_ms,
        updated_at_ms=provider.updated_at_ms,
    )


def bank_account_view(account: BankAccount, attempts_max: int) -> BankAccountView:
    """The bank account as the API shows it. attempts_max: guesses that are allowed."""
    return BankAccountView(
        id=account.id,
        holder_kind=account.holder_kind,
        holder_id=account.holder_id,
        holder_name=account.holder_name,
        token=account.token,
        fingerprint=account.fingerprint,
        routing_number=account.routing_number,
        last4=account.last4,
        account_type=account.account_type,
        account_class=account.account_class,
        status=account.status,
        disabled_code=account.disabled_code,
        attempts_left=attempts_max - account.micro_attempts if account.status == "micro_pending" else 0,
        deadline_at_ms=account.due_at_ms,
        verified_at_ms=account.verified_at_ms,
        changed_at_ms=account.changed_at_ms,
        version=account.version,
        created_at_ms=account.created_at_ms,
        updated_at_ms=account.updated_at_ms,
    )


def case_view(case: ComplianceCase) -> CaseView:
    """The case as the API shows it."""
    return CaseView(
        id=case.id,
        kind=case.case_kind,
        subject_id=case.subject_id,
        status=case.status,
        detail=case.detail,
        amount=Money(case.amount_cents),
        decided_by=case.decided_by,
        note=case.note,
        created_at_ms=case.created_at_ms,
        updated_at_ms=case.updated_at_ms,
    )

"""Connected accounts as providers: their verification there decides whether they may be paid here."""

from typing import Literal, cast

import msgspec

from payment_core.migration.export.records import Record
from payment_core.migration.export.shapes.account import Account, BankAccount
from payment_core.migration.jobs.digests import digest_of
from payment_core.migration.jobs.port import Refused
from payment_core.migration.jobs.texts import text
from payment_core.providers.model import AccountClass, BankAccountStatus, Provider, ProviderStatus
from payment_core.providers.model import BankAccount as Stored
from payment_core.vault.numbers.instruments import BankAccount as Vaulted

US, USD = "US", "USD"
NAME_CHARACTERS_MAX = 200

STATUS_OF: dict[str, BankAccountStatus] = {
    "new": "unverified",
    "validated": "unverified",
    "verified": "verified",
    "verification_failed": "failed",
    "errored": "failed",
}
"""An account that the old processor only looked up is verified here before money goes to it; one that it proved is
not proved again."""

SUSPENDED_THERE = "old processor: "


class Standing(msgspec.Struct, frozen=True, gc=False):
    """What an account's verification there makes of its provider here."""

    status: ProviderStatus
    suspended_for: str = ""


def standing_of(account: Account, *, is_removed: bool) -> Standing:
    """Nobody is paid here whom the old processor did not pay."""
    if account.deleted or is_removed:
        return Standing("closed")
    asked = account.requirements
    if text(asked.disabled_reason) != "":
        return Standing("suspended", f"{SUSPENDED_THERE}{asked.disabled_reason:.80}")
    if not account.payouts_enabled:
        return Standing("suspended", f"{SUSPENDED_THERE}payouts were off")
    if asked.past_due or asked.pending_verification:
        return Standing("needs_review")
    return Standing("active")


def account_refusal(record: Record) -> Refused | None:
    """Why an account cannot move."""
    account = cast("Account", record.body)
    if account.deleted or record.is_removed:
        return None
    if text(account.country) not in {"", US}:
        return Refused(record, "not_us", f"It is of {text(account.country):.8}; payouts go to banks of the US alone.")
    return None


def name_of(account: Account) -> str:
    """The name that is screened and shown; an account without one has its id."""
    name = text(account.name).strip()[:NAME_CHARACTERS_MAX]
    return name if name != "" else account.id


def exported_account(record: Record) -> str:
    """What has to be the same of an account, from the export."""
    account = cast("Account", record.body)
    return digest_of(record.id, name_of(account), _flags(account), record.is_removed)


def kept_of_account(account: Account) -> bytes:
    """Its verification, requirements and capabilities, address and what the merchant attached, as JSON."""
    return msgspec.json.encode(account, order="sorted")


def stored_account(provider: Provider, kept: bytes, *, is_removed: bool) -> str:
    """The same from the store. The name is the provider's own, the flags those that were kept."""
    account = msgspec.json.decode(kept, type=Account)
    return digest_of(account.id, provider.name, _flags(account), is_removed)


def _flags(account: Account) -> bytes:
    return msgspec.json.encode(account, order="sorted")


def bank_refusal(record: Record) -> Refused | None:
    """Why a bank account cannot move, before its number is looked at."""
    body = cast("BankAccount", record.body)
    if text(body.country) not in {"", US} or body.currency.upper() != USD:
        place = f"{text(body.country):.8} {body.currency.upper()}"
        return Refused(record, "not_us", f"It is of {place}; payouts go to banks of the US in USD alone.")
    if body.account_number is None:
        return Refused(record, "no_number", "Its number is not in the export; it has to come in a transfer file.")
    return None


def type_of(body: BankAccount) -> Literal["checking", "savings"]:
    """What the export says; checking where it says nothing, which is what the processor assumes."""
    return "savings" if body.account_type == "savings" else "checking"


def class_of(body: BankAccount) -> AccountClass:
    """Personal unless it is a company's."""
    return "company" if body.account_holder_type == "company" else "personal"


def holder_of(body: BankAccount) -> str:
    """The holder as the bank is told."""
    return text(body.account_holder_name).strip()[:NAME_CHARACTERS_MAX]


def kept_of_bank(body: BankAccount) -> bytes:
    """What has no place in a bank account here, as JSON, without any part of the number."""
    found = {
        "bank_name": body.bank_name,
        "default_for_currency": body.default_for_currency,
        "fingerprint": body.fingerprint,
        "metadata": body.metadata,
        "status": body.status,
    }
    return msgspec.json.encode({name: value for name, value in found.items() if value}, order="sorted")


def exported_bank(body: BankAccount, account: Vaulted, fingerprint: str) -> str:
    """What has to be the same of a bank account, from the export; the fingerprint is keyed."""
    return digest_of(
        body.account,
        fingerprint,
        (account.routing_number, account.account_number.last4, account.account_type),
        (class_of(body), holder_of(body)),
    )


def stored_bank(bank: Stored, account: Vaulted, fingerprint: str, owner: str) -> str:
    """The same from the store: the account, and what was sealed, opened again. owner: the old id of its provider."""
    if bank.fingerprint != fingerprint:
        return "the sealed number is another"
    if (bank.routing_number, bank.account_type) != (account.routing_number, account.account_type):
        return "the sealed bank is another"
    return digest_of(
        owner,
        fingerprint,
        (account.routing_number, bank.last4, account.account_type),
        (bank.account_class, bank.holder_name),
    )

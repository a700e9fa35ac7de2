"""Why an operation on providers, bank accounts and cases is refused; the first listed that holds is the answer."""

from enum import StrEnum
from typing import assert_never

from payment_core.answers import Explanation


class ProviderRefusal(StrEnum):
    """In order of precedence."""

    PROVIDER_NOT_FOUND = "provider_not_found"
    PROVIDER_CLOSED = "provider_closed"
    PROVIDER_ALREADY_SUSPENDED = "provider_already_suspended"
    PROVIDER_NOT_SUSPENDED = "provider_not_suspended"
    PROVIDER_HAS_OPEN_CASES = "provider_has_open_cases"
    PROVIDER_HAS_BALANCE = "provider_has_balance"
    BANK_ACCOUNT_OF_ANOTHER_HOLDER = "bank_account_of_another_holder"
    BANK_ACCOUNT_NOT_VERIFIED = "bank_account_not_verified"
    CASE_NOT_FOUND = "case_not_found"
    CASE_DECIDED = "case_decided"


class BankAccountRefusal(StrEnum):
    """In order of precedence."""

    BANK_ACCOUNT_NOT_FOUND = "bank_account_not_found"
    HOLDER_NOT_FOUND = "holder_not_found"
    BANK_ACCOUNT_DISABLED = "bank_account_disabled"
    VERIFICATION_RUNNING = "verification_running"
    ALREADY_VERIFIED = "already_verified"
    VERIFICATION_FAILED = "verification_failed"
    NO_MICRO_ENTRIES = "no_micro_entries"
    MICRO_ENTRIES_EXPIRED = "micro_entries_expired"
    ENCRYPTION_UNAVAILABLE = "encryption_unavailable"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105  # a refusal, no secret


def explain_provider(refusal: ProviderRefusal) -> Explanation:  # noqa: C901, PLR0911  # one line for each refusal
    """The refusal as callers see it."""
    match refusal:
        case ProviderRefusal.PROVIDER_NOT_FOUND:
            return Explanation("Provider not found", 404, "There is no provider with this id.")
        case ProviderRefusal.PROVIDER_CLOSED:
            return Explanation("Provider closed", 409, "The provider is closed; create a new one.")
        case ProviderRefusal.PROVIDER_ALREADY_SUSPENDED:
            return Explanation("Already suspended", 409, "The provider is suspended already.")
        case ProviderRefusal.PROVIDER_NOT_SUSPENDED:
            return Explanation("Not suspended", 409, "Only a suspended provider can be reinstated.")
        case ProviderRefusal.PROVIDER_HAS_OPEN_CASES:
            return Explanation("Open cases", 409, "Decide the provider's compliance cases first.")
        case ProviderRefusal.PROVIDER_HAS_BALANCE:
            return Explanation("Has a balance", 409, "Pay out what the provider has before it is closed.")
        case ProviderRefusal.BANK_ACCOUNT_OF_ANOTHER_HOLDER:
            return Explanation("Not its bank account", 422, "The provider has no bank account with this id.")
        case ProviderRefusal.BANK_ACCOUNT_NOT_VERIFIED:
            return Explanation("Not verified", 409, "Payouts go to a verified bank account; verify it first.")
        case ProviderRefusal.CASE_NOT_FOUND:
            return Explanation("Case not found", 404, "There is no compliance case with this id.")
        case ProviderRefusal.CASE_DECIDED:
            return Explanation("Case decided", 409, "The case was decided before; a decision is not changed.")
        case _:
            assert_never(refusal)


def explain_bank_account(refusal: BankAccountRefusal) -> Explanation:  # noqa: C901, PLR0911  # one line for each refusal
    """The refusal as callers see it."""
    match refusal:
        case BankAccountRefusal.BANK_ACCOUNT_NOT_FOUND:
            return Explanation("Bank account not found", 404, "There is no bank account with this id.")
        case BankAccountRefusal.HOLDER_NOT_FOUND:
            return Explanation("Holder not found", 422, "The provider does not exist, or is closed.")
        case BankAccountRefusal.BANK_ACCOUNT_DISABLED:
            return Explanation("Disabled", 409, "The bank account was disabled; replace its number or add another one.")
        case BankAccountRefusal.VERIFICATION_RUNNING:
            return Explanation("Verification runs", 409, "A verification is under way; wait for its end.")
        case BankAccountRefusal.ALREADY_VERIFIED:
            return Explanation("Already verified", 409, "The bank account is verified.")
        case BankAccountRefusal.VERIFICATION_FAILED:
            return Explanation("Verification failed", 409, "Too many wrong guesses; replace the number to begin anew.")
        case BankAccountRefusal.NO_MICRO_ENTRIES:
            return Explanation("No micro-entries", 409, "Start a verification by micro-entries first.")
        case BankAccountRefusal.MICRO_ENTRIES_EXPIRED:
            return Explanation("Expired", 409, "The micro-entries are too old; start a new verification.")
        case BankAccountRefusal.ENCRYPTION_UNAVAILABLE:
            return Explanation(
                "Encryption unavailable", 503, "The number cannot be encrypted now, so nothing was stored; try again."
            )
        case BankAccountRefusal.TOKEN_EXPIRED:
            return Explanation("Took too long", 503, "The request ran so long that its token was withdrawn; try again.")
        case _:
            assert_never(refusal)

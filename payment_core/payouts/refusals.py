"""Why an operation on payouts is refused; the first listed that holds is the answer."""

from enum import StrEnum
from typing import assert_never

from payment_core.answers import Explanation


class PayoutRefusal(StrEnum):
    """In order of precedence."""

    PAYOUT_NOT_FOUND = "payout_not_found"
    PROVIDER_NOT_FOUND = "provider_not_found"
    PROVIDER_CLOSED = "provider_closed"
    BANK_TRANSFERS_OFF = "bank_transfers_off"
    FAST_PAYOUTS_OFF = "fast_payouts_off"
    INSTANT_NOT_AVAILABLE = "instant_not_available"
    BANK_ACCOUNT_MISSING = "bank_account_missing"
    BANK_ACCOUNT_OF_ANOTHER_HOLDER = "bank_account_of_another_holder"
    NOTHING_AVAILABLE = "nothing_available"
    BELOW_MINIMUM = "below_minimum"
    AMOUNT_EXCEEDS_AVAILABLE = "amount_exceeds_available"
    DAILY_LIMIT_EXCEEDED = "daily_limit_exceeded"
    MONTHLY_LIMIT_EXCEEDED = "monthly_limit_exceeded"
    PAYOUT_IN_FILE = "payout_in_file"
    PAYOUT_OVER = "payout_over"
    APPROVAL_NOT_NEEDED = "approval_not_needed"
    PAYOUT_BLOCKED = "payout_blocked"
    APPROVER_IS_REQUESTER = "approver_is_requester"
    APPROVER_IS_PAYEE = "approver_is_payee"
    APPROVED_BY_YOU_ALREADY = "approved_by_you_already"


_EXPLANATIONS = {
    PayoutRefusal.NOTHING_AVAILABLE: "The provider has no money that can be paid out.",
    PayoutRefusal.BELOW_MINIMUM: "The amount is below the least that is paid out; wait for more.",
    PayoutRefusal.AMOUNT_EXCEEDS_AVAILABLE: "The provider has less than this, counting what is set aside already.",
    PayoutRefusal.DAILY_LIMIT_EXCEEDED: "The provider's payouts of today would be more than the limit of a day.",
    PayoutRefusal.MONTHLY_LIMIT_EXCEEDED: "The provider's payouts of this month would be more than its limit.",
}


def explain_payout(refusal: PayoutRefusal) -> Explanation:  # noqa: C901, PLR0911, PLR0912  # one case for each refusal
    """The refusal as callers see it."""
    match refusal:
        case PayoutRefusal.PAYOUT_NOT_FOUND:
            return Explanation("Payout not found", 404, "There is no payout with this id.")
        case PayoutRefusal.PROVIDER_NOT_FOUND:
            return Explanation("Provider not found", 404, "There is no provider with this id.")
        case PayoutRefusal.PROVIDER_CLOSED:
            return Explanation("Provider closed", 409, "A closed provider is not paid.")
        case PayoutRefusal.BANK_TRANSFERS_OFF:
            return Explanation(
                "Bank transfers are off",
                503,
                "No payout is accepted now (flag direct-ach-transfers); the money stays with the provider.",
            )
        case PayoutRefusal.FAST_PAYOUTS_OFF:
            return Explanation(
                "Fast payouts are off",
                503,
                "Only standard payouts are accepted now (flag instant-payouts); ask for standard.",
            )
        case PayoutRefusal.INSTANT_NOT_AVAILABLE:
            return Explanation(
                "Instant is not available",
                422,
                "No instant rail is connected, and ACH cannot pay within minutes; ask for same_day.",
            )
        case PayoutRefusal.BANK_ACCOUNT_MISSING:
            return Explanation("No bank account", 409, "The provider has no bank account; add and verify one.")
        case PayoutRefusal.BANK_ACCOUNT_OF_ANOTHER_HOLDER:
            return Explanation("Not its account", 409, "The bank account does not belong to this provider.")
        case (
            PayoutRefusal.NOTHING_AVAILABLE
            | PayoutRefusal.BELOW_MINIMUM
            | PayoutRefusal.AMOUNT_EXCEEDS_AVAILABLE
            | PayoutRefusal.DAILY_LIMIT_EXCEEDED
            | PayoutRefusal.MONTHLY_LIMIT_EXCEEDED
        ):
            return Explanation("Amount not possible", 409, _EXPLANATIONS[refusal])
        case PayoutRefusal.PAYOUT_IN_FILE:
            return Explanation("In a file", 409, "The payout is in a file for the bank and cannot be taken back.")
        case PayoutRefusal.PAYOUT_OVER:
            return Explanation("Over", 409, "The payout has ended; nothing about it can change.")
        case PayoutRefusal.APPROVAL_NOT_NEEDED:
            return Explanation("Nothing to approve", 409, "The payout waits for nobody's approval.")
        case PayoutRefusal.PAYOUT_BLOCKED:
            return Explanation("Blocked", 409, "The fraud score blocks this payout; cancel it.")
        case PayoutRefusal.APPROVER_IS_REQUESTER:
            return Explanation("Not by yourself", 403, "Who asked for a payout cannot approve it.")
        case PayoutRefusal.APPROVER_IS_PAYEE:
            return Explanation("Not by the payee", 403, "Nobody who belongs to the provider can approve its payout.")
        case PayoutRefusal.APPROVED_BY_YOU_ALREADY:
            return Explanation("Approved already", 409, "You approved this payout; another person has to as well.")
        case _:
            assert_never(refusal)

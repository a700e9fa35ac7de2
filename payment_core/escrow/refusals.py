"""Why an operation on an escrow is refused; when several hold, the first listed is the answer."""

from enum import StrEnum
from typing import assert_never

from payment_core.answers import Explanation


class EscrowRefusal(StrEnum):
    """In order of precedence."""

    ESCROW_NOT_FOUND = "escrow_not_found"
    PROVIDER_NOT_FOUND = "provider_not_found"
    PAYMENT_NOT_FOUND = "payment_not_found"
    PAYMENT_OF_ANOTHER_PROVIDER = "payment_of_another_provider"
    PAYMENTS_REPEATED = "payments_repeated"
    PAYEES_REPEATED = "payees_repeated"
    CONDITIONS_REPEATED = "conditions_repeated"
    PAYMENT_OR_PAYMENTS = "payment_or_payments"
    AMOUNTS_DIFFER = "amounts_differ"
    AMOUNT_OUTSIDE_LIMITS = "amount_outside_limits"
    TWO_TIMERS = "two_timers"
    TIMER_IN_THE_PAST = "timer_in_the_past"
    ESCROW_FROZEN = "escrow_frozen"
    ESCROW_DISPUTED = "escrow_disputed"
    ESCROW_NOT_DISPUTED = "escrow_not_disputed"
    ESCROW_NOT_FROZEN = "escrow_not_frozen"
    ESCROW_NOT_FUNDED = "escrow_not_funded"
    ESCROW_ALREADY_FUNDED = "escrow_already_funded"
    ESCROW_CLOSED = "escrow_closed"
    FUNDS_NOT_CAPTURED = "funds_not_captured"
    CONDITION_NOT_FOUND = "condition_not_found"
    CONDITION_ALREADY_SATISFIED = "condition_already_satisfied"
    AMOUNT_EXCEEDS_HELD = "amount_exceeds_held"
    SPLIT_DIFFERS_FROM_HELD = "split_differs_from_held"
    HOLD_NOT_OVER = "hold_not_over"
    CONDITIONS_NOT_SATISFIED = "conditions_not_satisfied"
    APPROVER_IS_PAYEE = "approver_is_payee"
    ALREADY_APPROVED = "already_approved"
    APPROVALS_NOT_NEEDED = "approvals_not_needed"
    APPROVALS_MISSING = "approvals_missing"
    PAYEE_NOT_ACTIVE = "payee_not_active"
    PAYMENT_DISPUTED = "payment_disputed"
    REFUND_REFUSED = "refund_refused"


def explain_escrow(refusal: EscrowRefusal) -> Explanation:
    """The refusal as callers see it."""
    match refusal:
        case (
            EscrowRefusal.ESCROW_NOT_FOUND
            | EscrowRefusal.PROVIDER_NOT_FOUND
            | EscrowRefusal.PAYMENT_NOT_FOUND
            | EscrowRefusal.PAYMENT_OF_ANOTHER_PROVIDER
            | EscrowRefusal.PAYMENTS_REPEATED
            | EscrowRefusal.PAYEES_REPEATED
            | EscrowRefusal.CONDITIONS_REPEATED
            | EscrowRefusal.PAYMENT_OR_PAYMENTS
            | EscrowRefusal.AMOUNTS_DIFFER
            | EscrowRefusal.AMOUNT_OUTSIDE_LIMITS
            | EscrowRefusal.TWO_TIMERS
            | EscrowRefusal.TIMER_IN_THE_PAST
        ):
            return _EXPLANATION_OF_REQUEST[refusal]
        case (
            EscrowRefusal.ESCROW_FROZEN
            | EscrowRefusal.ESCROW_DISPUTED
            | EscrowRefusal.ESCROW_NOT_DISPUTED
            | EscrowRefusal.ESCROW_NOT_FROZEN
            | EscrowRefusal.ESCROW_NOT_FUNDED
            | EscrowRefusal.ESCROW_ALREADY_FUNDED
            | EscrowRefusal.ESCROW_CLOSED
            | EscrowRefusal.FUNDS_NOT_CAPTURED
            | EscrowRefusal.CONDITION_NOT_FOUND
            | EscrowRefusal.CONDITION_ALREADY_SATISFIED
            | EscrowRefusal.AMOUNT_EXCEEDS_HELD
            | EscrowRefusal.SPLIT_DIFFERS_FROM_HELD
        ):
            return _EXPLANATION_OF_STATE[refusal]
        case (
            EscrowRefusal.HOLD_NOT_OVER
            | EscrowRefusal.CONDITIONS_NOT_SATISFIED
            | EscrowRefusal.APPROVER_IS_PAYEE
            | EscrowRefusal.ALREADY_APPROVED
            | EscrowRefusal.APPROVALS_NOT_NEEDED
            | EscrowRefusal.APPROVALS_MISSING
            | EscrowRefusal.PAYEE_NOT_ACTIVE
            | EscrowRefusal.PAYMENT_DISPUTED
            | EscrowRefusal.REFUND_REFUSED
        ):
            return _EXPLANATION_OF_GUARD[refusal]
        case _:
            assert_never(refusal)


_EXPLANATION_OF_REQUEST = {
    EscrowRefusal.ESCROW_NOT_FOUND: Explanation("Escrow not found", 404, "There is no escrow with this id."),
    EscrowRefusal.PROVIDER_NOT_FOUND: Explanation(
        "Provider not found", 422, "Every payee has to be a provider that exists and is not closed; create it first."
    ),
    EscrowRefusal.PAYMENT_NOT_FOUND: Explanation("Payment not found", 422, "There is no payment with this id."),
    EscrowRefusal.PAYMENT_OF_ANOTHER_PROVIDER: Explanation(
        "Payment of another provider", 422, "An escrow is funded by payments that were made for its provider."
    ),
    EscrowRefusal.PAYMENTS_REPEATED: Explanation("Payment named twice", 422, "Name each payment once."),
    EscrowRefusal.PAYEES_REPEATED: Explanation("Payee named twice", 422, "Name each payee once."),
    EscrowRefusal.CONDITIONS_REPEATED: Explanation("Condition named twice", 422, "Name each condition once."),
    EscrowRefusal.PAYMENT_OR_PAYMENTS: Explanation(
        "Payment or payments", 422, "Send either payment_id or payments, and not both."
    ),
    EscrowRefusal.AMOUNTS_DIFFER: Explanation(
        "Amounts differ", 422, "The amounts of the payments have to sum to the amount of the escrow."
    ),
    EscrowRefusal.AMOUNT_OUTSIDE_LIMITS: Explanation(
        "Amount outside the limits",
        422,
        "An escrow holds at least $1 and at most $100,000, unless configured otherwise.",
    ),
    EscrowRefusal.TWO_TIMERS: Explanation(
        "Two timers", 422, "An escrow releases itself or refunds itself; set only one of the two times."
    ),
    EscrowRefusal.TIMER_IN_THE_PAST: Explanation("Timer in the past", 422, "The time has to be in the future."),
}
_EXPLANATION_OF_STATE = {
    EscrowRefusal.ESCROW_FROZEN: Explanation("Frozen", 409, "The escrow is frozen; unfreeze it first."),
    EscrowRefusal.ESCROW_DISPUTED: Explanation("Disputed", 409, "The escrow is disputed; resolve the dispute."),
    EscrowRefusal.ESCROW_NOT_DISPUTED: Explanation("Not disputed", 409, "Only a disputed escrow can be resolved."),
    EscrowRefusal.ESCROW_NOT_FROZEN: Explanation("Not frozen", 409, "Only a frozen escrow can be unfrozen."),
    EscrowRefusal.ESCROW_NOT_FUNDED: Explanation("Not funded", 409, "The escrow holds no money yet; fund it first."),
    EscrowRefusal.ESCROW_ALREADY_FUNDED: Explanation("Already funded", 409, "The escrow already has its money."),
    EscrowRefusal.ESCROW_CLOSED: Explanation(
        "Closed", 409, "The escrow has come to its end; nothing more happens to it."
    ),
    EscrowRefusal.FUNDS_NOT_CAPTURED: Explanation(
        "Funds not captured", 409, "A payment has not enough captured money that nothing else holds; capture it first."
    ),
    EscrowRefusal.CONDITION_NOT_FOUND: Explanation("Condition not found", 404, "The escrow has no such condition."),
    EscrowRefusal.CONDITION_ALREADY_SATISFIED: Explanation(
        "Condition already satisfied", 409, "The condition was satisfied before, with its own evidence."
    ),
    EscrowRefusal.AMOUNT_EXCEEDS_HELD: Explanation("Too much", 422, "The amount is more than the escrow holds."),
    EscrowRefusal.SPLIT_DIFFERS_FROM_HELD: Explanation(
        "Split differs from what is held", 422, "The two parts have to sum exactly to what the escrow holds."
    ),
}
_EXPLANATION_OF_GUARD = {
    EscrowRefusal.HOLD_NOT_OVER: Explanation(
        "Hold not over", 409, "Nothing is released before hold_until_ms; try again then."
    ),
    EscrowRefusal.CONDITIONS_NOT_SATISFIED: Explanation(
        "Conditions not satisfied", 409, "Every condition has to be satisfied, with a reference to its evidence."
    ),
    EscrowRefusal.APPROVER_IS_PAYEE: Explanation(
        "Approver is a payee", 403, "Whoever belongs to a payee may not approve its money."
    ),
    EscrowRefusal.ALREADY_APPROVED: Explanation(
        "Already approved", 409, "This person's approval counts already; another person has to approve."
    ),
    EscrowRefusal.APPROVALS_NOT_NEEDED: Explanation(
        "Approvals not needed", 409, "An escrow of this size is released without approvals."
    ),
    EscrowRefusal.APPROVALS_MISSING: Explanation(
        "Approvals missing", 409, "So large an escrow needs approvals of different people within 24 hours."
    ),
    EscrowRefusal.PAYEE_NOT_ACTIVE: Explanation(
        "Payee not active", 409, "A payee is suspended, under review or closed; its money stays in escrow."
    ),
    EscrowRefusal.PAYMENT_DISPUTED: Explanation(
        "Payment disputed",
        409,
        "The payer disputes a payment of the escrow; nothing is released before the decision.",
    ),
    EscrowRefusal.REFUND_REFUSED: Explanation(
        "Refund refused", 409, "A payment cannot be refunded now, for example because the payer disputes it."
    ),
}

"""The refusals that callers expect, in order of precedence."""

from enum import StrEnum
from types import MappingProxyType

from payment_core.answers import Explanation
from payment_core.operations.once import OnceRefusal, explain_once


class PaymentRefusal(StrEnum):
    """Why nothing was begun; when several hold, the first listed is the answer."""

    PAYMENTS_OFF = "payments_off"
    METHOD_UNKNOWN = "method_unknown"
    METHOD_NOT_USABLE = "method_not_usable"
    METHOD_OF_ANOTHER_CUSTOMER = "method_of_another_customer"
    METHOD_CANNOT_WAIT = "method_cannot_wait"
    BANK_DEBITS_OFF = "bank_debits_off"
    PAYMENT_NOT_FOUND = "payment_not_found"
    REFUND_NOT_FOUND = "refund_not_found"
    DISPUTE_NOT_FOUND = "dispute_not_found"
    PAYMENT_NOT_CAPTURABLE = "payment_not_capturable"
    PAYMENT_NOT_CANCELABLE = "payment_not_cancelable"
    PAYMENT_NOT_IN_REVIEW = "payment_not_in_review"
    PAYMENT_NOT_REFUNDABLE = "payment_not_refundable"
    PAYMENT_NOT_DISPUTABLE = "payment_not_disputable"
    DISPUTE_NOT_OPEN = "dispute_not_open"
    AMOUNT_EXCEEDS_AUTHORIZED = "amount_exceeds_authorized"
    AMOUNT_EXCEEDS_REFUNDABLE = "amount_exceeds_refundable"
    AMOUNT_EXCEEDS_UNRELEASED = "amount_exceeds_unreleased"
    AMOUNT_EXCEEDS_ESCROWED = "amount_exceeds_escrowed"
    PAYMENT_IN_ESCROW = "payment_in_escrow"
    PROVIDER_BALANCE_TOO_LOW = "provider_balance_too_low"


def explain_payment(refusal: PaymentRefusal | OnceRefusal) -> Explanation:
    """The refusal as callers see it."""
    return explain_once(refusal) if isinstance(refusal, OnceRefusal) else _EXPLANATIONS[refusal]


# A table instead of a match of twenty-one cases; a test holds that every refusal is in it.
_EXPLANATIONS = MappingProxyType(
    {
        PaymentRefusal.PAYMENTS_OFF: Explanation(
            "Payments are off", 503, "No payments are taken now (flag payment-processor); nothing was charged."
        ),
        PaymentRefusal.METHOD_UNKNOWN: Explanation(
            "Unknown payment method", 422, "Send a payment method of /v1/payment_methods or a sandbox token."
        ),
        PaymentRefusal.METHOD_NOT_USABLE: Explanation(
            "Not usable", 422, "The payment method is not verified, has expired or is disabled."
        ),
        PaymentRefusal.METHOD_OF_ANOTHER_CUSTOMER: Explanation(
            "Not this customer's", 422, "The payment method belongs to another customer."
        ),
        PaymentRefusal.METHOD_CANNOT_WAIT: Explanation(
            "Cannot wait", 422, "A bank debit is captured at once; leave capture automatic."
        ),
        PaymentRefusal.BANK_DEBITS_OFF: Explanation(
            "Bank debits are off", 503, "No bank account is debited now (flag direct-ach-transfers); pay by card."
        ),
        PaymentRefusal.PAYMENT_NOT_FOUND: Explanation("Payment not found", 404, "There is no payment with this id."),
        PaymentRefusal.REFUND_NOT_FOUND: Explanation("Refund not found", 404, "There is no refund with this id."),
        PaymentRefusal.DISPUTE_NOT_FOUND: Explanation("Dispute not found", 404, "There is no dispute with this id."),
        PaymentRefusal.PAYMENT_NOT_CAPTURABLE: Explanation(
            "Not capturable", 409, "Only a payment that requires capture can be captured."
        ),
        PaymentRefusal.PAYMENT_NOT_CANCELABLE: Explanation(
            "Not cancelable", 409, "Only a payment that is held, in review or requires capture can be canceled."
        ),
        PaymentRefusal.PAYMENT_NOT_IN_REVIEW: Explanation(
            "Not in review", 409, "Only a payment that requires review can be approved or rejected."
        ),
        PaymentRefusal.PAYMENT_NOT_REFUNDABLE: Explanation(
            "Not refundable", 409, "Only a payment with captured money can be refunded."
        ),
        PaymentRefusal.PAYMENT_NOT_DISPUTABLE: Explanation(
            "Not disputable", 409, "Only a payment with captured money can be disputed."
        ),
        PaymentRefusal.DISPUTE_NOT_OPEN: Explanation(
            "Not open", 409, "The dispute does not need a response (any more)."
        ),
        PaymentRefusal.AMOUNT_EXCEEDS_AUTHORIZED: Explanation(
            "Too much", 422, "Captures are at most what was authorized and is not captured yet."
        ),
        PaymentRefusal.AMOUNT_EXCEEDS_REFUNDABLE: Explanation(
            "Too much", 422, "Refunds are at most what was captured and is neither refunded nor disputed."
        ),
        PaymentRefusal.AMOUNT_EXCEEDS_UNRELEASED: Explanation(
            "Too much", 422, "Of this payment not so much is left that is not released."
        ),
        PaymentRefusal.AMOUNT_EXCEEDS_ESCROWED: Explanation(
            "Too much", 422, "Of this payment not so much lies in escrows."
        ),
        PaymentRefusal.PAYMENT_IN_ESCROW: Explanation(
            "In escrow", 409, "The payment's money lies in an escrow; refund it from there."
        ),
        PaymentRefusal.PROVIDER_BALANCE_TOO_LOW: Explanation(
            "Provider's balance too low", 409, "The provider was paid and has too little left to refund this."
        ),
    }
)

"""Why an operation on payment methods is refused; when several hold, the first listed is the answer."""

from enum import StrEnum
from typing import assert_never

from payment_core.answers import Explanation


class MethodRefusal(StrEnum):
    """In order of precedence."""

    PAYMENT_METHOD_NOT_FOUND = "payment_method_not_found"
    PAYMENT_METHOD_DELETED = "payment_method_deleted"
    ENCRYPTION_UNAVAILABLE = "encryption_unavailable"
    TOKEN_EXPIRED = "token_expired"  # noqa: S105  # a refusal, no secret


def explain_method(refusal: MethodRefusal) -> Explanation:
    """The refusal as callers see it."""
    match refusal:
        case MethodRefusal.PAYMENT_METHOD_NOT_FOUND:
            return Explanation("Payment method not found", 404, "There is no payment method with this id.")
        case MethodRefusal.PAYMENT_METHOD_DELETED:
            return Explanation("Payment method deleted", 409, "Its number was destroyed; nothing more can be done.")
        case MethodRefusal.ENCRYPTION_UNAVAILABLE:
            return Explanation(
                "Encryption unavailable", 503, "The number cannot be encrypted now, so nothing was stored; try again."
            )
        case MethodRefusal.TOKEN_EXPIRED:
            return Explanation("Took too long", 503, "The request ran so long that its token was withdrawn; try again.")
        case _:
            assert_never(refusal)

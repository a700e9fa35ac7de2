"""Why nothing was done to the block and allow lists."""

from enum import StrEnum
from typing import assert_never

from payment_core.answers import Explanation


class FraudListRefusal(StrEnum):
    """In order of precedence."""

    FRAUD_LIST_ENTRY_NOT_FOUND = "fraud_list_entry_not_found"
    FRAUD_LIST_ENTRY_ENDED = "fraud_list_entry_ended"
    FRAUD_LIST_VALUE_UNUSABLE = "fraud_list_value_unusable"
    FRAUD_LIST_POINTS_UNUSABLE = "fraud_list_points_unusable"
    FRAUD_LIST_EXPIRY_PAST = "fraud_list_expiry_past"
    FRAUD_LIST_ENTRY_EXISTS = "fraud_list_entry_exists"


def explain_fraud_lists(refusal: FraudListRefusal) -> Explanation:
    """The refusal as callers see it."""
    match refusal:
        case FraudListRefusal.FRAUD_LIST_ENTRY_NOT_FOUND:
            return Explanation("Entry not found", 404, "There is no entry with this id.")
        case FraudListRefusal.FRAUD_LIST_ENTRY_ENDED:
            return Explanation("Entry ended", 409, "The entry is on no list any more; it was removed, or it expired.")
        case FraudListRefusal.FRAUD_LIST_VALUE_UNUSABLE:
            return Explanation(
                "Value unusable",
                422,
                "Give what the kind names: a fingerprint (fp_...), a mail address or its keyed hash, an IP address or a"
                " network that is not the whole internet, the first six digits of a card, a rail, or an id. Six digits"
                " and rails are never allowed, and a rail is never blocked: too much hangs on it.",
            )
        case FraudListRefusal.FRAUD_LIST_POINTS_UNUSABLE:
            return Explanation(
                "Points unusable",
                422,
                "An entry of the stricter list needs points, 1 to 1000; on other lists there are none.",
            )
        case FraudListRefusal.FRAUD_LIST_EXPIRY_PAST:
            return Explanation("Expiry in the past", 422, "expires_at_ms has to lie in the future.")
        case FraudListRefusal.FRAUD_LIST_ENTRY_EXISTS:
            return Explanation(
                "Listed already", 409, "An entry with this value is on the list; remove it first to change it."
            )
        case _:
            assert_never(refusal)

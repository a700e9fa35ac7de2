"""Why an operation on customers is refused; when several hold, the first listed is the answer."""

from enum import StrEnum
from typing import assert_never

from payment_core.answers import Explanation


class CustomerRefusal(StrEnum):
    """In order of precedence."""

    CUSTOMER_NOT_FOUND = "customer_not_found"
    CUSTOMER_DELETED = "customer_deleted"


def explain_customer(refusal: CustomerRefusal) -> Explanation:
    """The refusal as callers see it."""
    match refusal:
        case CustomerRefusal.CUSTOMER_NOT_FOUND:
            return Explanation("Customer not found", 404, "There is no profile of a customer with this id.")
        case CustomerRefusal.CUSTOMER_DELETED:
            return Explanation("Customer deleted", 409, "The profile was blanked for good; use another id.")
        case _:
            assert_never(refusal)

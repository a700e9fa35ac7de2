"""The routes of customers' profiles."""

from payment_core.customers.desk import CustomerDesk
from payment_core.customers.refusals import explain_customer
from payment_core.customers.requests import ProfileRequest
from payment_core.customers.views import CustomerView
from payment_core.http.routes import Route, listed, shown

_ONE = "/v1/customers/{customer_id}"


def customer_routes(desk: CustomerDesk) -> tuple[Route, ...]:
    """Write a profile, look at it, list them, and blank it."""
    return (
        listed("/v1/customers", "customers:read", "List customers' profiles", desk.list, CustomerView),
        shown(_ONE, "customers:read", "One customer's profile", desk.get, CustomerView, explain_customer),
        Route(
            method="PUT",
            path=_ONE,
            scope="customers:write",
            summary="Write a customer's profile",
            handler=desk.write,
            body=ProfileRequest,
            answer=CustomerView,
            problems=(409, 422),
            explain=explain_customer,
            example=ProfileRequest(name="Ada Lovelace", email="ada@example.com"),
        ),
        Route(
            method="DELETE",
            path=_ONE,
            scope="customers:write",
            summary="Blank a customer's profile for good",
            handler=desk.delete,
            answer=CustomerView,
            problems=(404, 409),
            explain=explain_customer,
        ),
    )
